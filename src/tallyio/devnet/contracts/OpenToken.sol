// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Token} from "./Token.sol";

/// @title An ERC-20 that anyone may mint, for the devnet only.
contract OpenToken is Token {
    constructor(string memory symbol_, uint8 decimals_) Token(symbol_, decimals_) {}

    function approve(address spender, uint256 value) external returns (bool) {
        _approve(spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        _moveAllowed(from, to, value);
        return true;
    }
}
