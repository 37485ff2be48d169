// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A rate (1e18) that anyone may set, for the devnet only.
contract RateProvider {
    uint256 public getRate;

    constructor(uint256 rate) {
        getRate = rate;
    }

    function set(uint256 rate) external {
        getRate = rate;
    }
}
