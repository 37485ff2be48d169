// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

struct PoolKey {
    address currency0;
    address currency1;
    uint24 fee;
    int24 tickSpacing;
    address hooks;
}

/// @param amountSpecified Negative fixes the input, positive the output.
struct SwapParams {
    bool zeroForOne;
    int256 amountSpecified;
    uint160 sqrtPriceLimitX96;
}

/// @title The part of Uniswap v4's manager that the executor calls
interface IPoolManager {
    function unlock(bytes calldata data) external returns (bytes memory);

    /// @return delta Amount of currency0 in the upper half, of currency1 in the lower; negative is owed by the caller.
    function swap(PoolKey memory key, SwapParams memory params, bytes calldata hookData)
        external
        returns (int256 delta);

    function sync(address currency) external;

    function settle() external payable returns (uint256 paid);

    function take(address currency, address to, uint256 amount) external;
}
