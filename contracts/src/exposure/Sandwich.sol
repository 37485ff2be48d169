// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {FrontRun} from "./FrontRun.sol";

/// @title Model of somebody who trades before a pending swap and back behind it, to measure what that takes
contract Sandwich is FrontRun {
    constructor(address weth_) FrontRun(weth_) {}

    /// @notice Swaps behind the measured transaction; as `front`.
    function back(bytes calldata steps) external onLocalChain onlyOwner returns (uint256 got) {
        return _trade(steps);
    }
}
