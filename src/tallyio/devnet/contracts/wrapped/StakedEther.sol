// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in for a rebasing staked token: balances are shares of a pool that anyone lets grow or shrink.
/// @dev By the published formulas of Lido's documentation; no code of its contracts.
contract StakedEther {
    uint256 public getTotalShares;
    uint256 public getTotalPooledEther;
    mapping(address => uint256) public sharesOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function submit(uint256 amount) external {
        uint256 shares = getTotalShares == 0 ? amount : getSharesByPooledEth(amount);
        sharesOf[msg.sender] += shares;
        getTotalShares += shares;
        getTotalPooledEther += amount;
    }

    function report(uint256 pooledEther) external {
        getTotalPooledEther = pooledEther;
    }

    function totalSupply() external view returns (uint256) {
        return getTotalPooledEther;
    }

    function balanceOf(address owner) external view returns (uint256) {
        return getPooledEthByShares(sharesOf[owner]);
    }

    function getSharesByPooledEth(uint256 amount) public view returns (uint256) {
        return amount * getTotalShares / getTotalPooledEther;
    }

    function getPooledEthByShares(uint256 shares) public view returns (uint256) {
        return shares * getTotalPooledEther / getTotalShares;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) private {
        uint256 shares = getSharesByPooledEth(amount);
        sharesOf[from] -= shares;
        sharesOf[to] += shares;
    }
}
