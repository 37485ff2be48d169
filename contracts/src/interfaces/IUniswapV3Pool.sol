// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The part of a Uniswap v3 pool that the executor calls
interface IUniswapV3Pool {
    /// @param amountSpecified Positive fixes the input, negative fixes the output.
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);

    /// @notice Lends, calls back, and wants a fee on top.
    function flash(address recipient, uint256 amount0, uint256 amount1, bytes calldata data) external;
}
