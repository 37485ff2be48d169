// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20, ERC4626, IERC20} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// @title OpenZeppelin's vault over a token; anyone sets its limit, and may borrow from it.
contract SavingsVault is ERC4626 {
    uint8 private immutable offset;
    uint256 public room = type(uint256).max;
    uint256 public lent;

    constructor(IERC20 asset_, uint8 offset_) ERC20("Savings", "SAVE") ERC4626(asset_) {
        offset = offset_;
    }

    function limit(uint256 room_) external {
        room = room_;
    }

    function lend(uint256 amount) external {
        lent += amount;
        IERC20(asset()).transfer(msg.sender, amount);
    }

    function totalAssets() public view override returns (uint256) {
        return super.totalAssets() + lent;
    }

    function maxDeposit(address) public view override returns (uint256) {
        return room;
    }

    function maxMint(address) public view override returns (uint256) {
        return room;
    }

    function _decimalsOffset() internal view override returns (uint8) {
        return offset;
    }
}
