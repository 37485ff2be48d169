// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

interface IStakedEther {
    function getSharesByPooledEth(uint256 amount) external view returns (uint256);
    function getPooledEthByShares(uint256 shares) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @title Stand-in for the wrapped form of a rebasing staked token: one token of it is one share.
/// @dev By the published formulas of Lido's documentation; no code of its contracts.
contract WrappedStakedEther is ERC20 {
    IStakedEther public immutable stETH;

    constructor(IStakedEther staked) ERC20("Wrapped staked ether", "WSTETH") {
        stETH = staked;
    }

    function wrap(uint256 amount) external returns (uint256 wrapped) {
        require(amount > 0, "nothing to wrap");
        wrapped = stETH.getSharesByPooledEth(amount);
        _mint(msg.sender, wrapped);
        stETH.transferFrom(msg.sender, address(this), amount);
    }

    function unwrap(uint256 wrapped) external returns (uint256 amount) {
        require(wrapped > 0, "nothing to unwrap");
        amount = stETH.getPooledEthByShares(wrapped);
        _burn(msg.sender, wrapped);
        stETH.transfer(msg.sender, amount);
    }
}
