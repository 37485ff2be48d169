// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OpenToken} from "./OpenToken.sol";

/// @title A token that burns a share of every transfer, so that less arrives than was sent.
contract FeeToken is OpenToken {
    uint256 public immutable feeBps;

    constructor(string memory symbol_, uint8 decimals_, uint256 feeBps_) OpenToken(symbol_, decimals_) {
        feeBps = feeBps_;
    }

    function _move(address from, address to, uint256 value) internal override {
        uint256 fee = value * feeBps / 10_000;
        super._move(from, to, value - fee);
        balanceOf[from] -= fee;
        totalSupply -= fee;
        emit Transfer(from, address(0), fee);
    }
}
