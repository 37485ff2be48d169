// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The part of a Liquidity Book pair that the executor calls
/// @dev What it returns differs by version and is not read.
interface ILiquidityBookPair {
    function swap(bool swapForY, address to) external;
}
