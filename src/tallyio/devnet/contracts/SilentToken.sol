// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Token} from "./Token.sol";

/// @title A token whose transfer, transferFrom and approve return nothing, as some of the oldest tokens do.
contract SilentToken is Token {
    constructor(string memory symbol_, uint8 decimals_) Token(symbol_, decimals_) {}

    function approve(address spender, uint256 value) external {
        _approve(spender, value);
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        _moveAllowed(from, to, value);
    }
}
