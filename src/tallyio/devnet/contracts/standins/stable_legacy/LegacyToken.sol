// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Shares} from "../Shares.sol";

/// @title Stand-in for the share token of Curve's first pools: made and burned by its minter alone.
contract LegacyToken is Shares {
    address public minter;

    constructor() {
        minter = msg.sender;
    }

    modifier only() {
        require(msg.sender == minter);
        _;
    }

    function set_minter(address to) external only {
        minter = to;
    }

    function mint(address to, uint256 value) external only returns (bool) {
        _makeShares(to, value);
        return true;
    }

    function burnFrom(address from, uint256 value) external only returns (bool) {
        _burnShares(from, value);
        return true;
    }
}
