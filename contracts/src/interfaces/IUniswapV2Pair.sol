// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The part of a Uniswap v2 pair that the executor calls
/// @dev Forks with another fee (PancakeSwap v2 and the like) share it.
interface IUniswapV2Pair {
    /// @param data Empty for a plain swap; otherwise the pair calls `to` back before it checks its invariant.
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}
