// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Wrapped ether: the part that the executor calls beyond ERC-20
interface IWETH {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
}

/// @title The part of a vault that the executor calls beyond ERC-20
interface IERC4626 {
    function deposit(uint256 assets, address receiver) external returns (uint256 shares);
    function redeem(uint256 shares, address receiver, address owner) external returns (uint256 assets);
}

/// @title The part of wstETH that the executor calls beyond ERC-20
interface IWstETH {
    function wrap(uint256 stETHAmount) external returns (uint256);
    function unwrap(uint256 wstETHAmount) external returns (uint256);
}
