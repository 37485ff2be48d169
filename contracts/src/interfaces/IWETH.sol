// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Wrapped ether: the part that the executor calls beyond ERC-20
interface IWETH {
    function withdraw(uint256 amount) external;
}
