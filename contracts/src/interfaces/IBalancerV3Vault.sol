// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @param kind 0 fixes the input, 1 the output.
struct VaultSwapParams {
    uint8 kind;
    address pool;
    address tokenIn;
    address tokenOut;
    uint256 amountGivenRaw;
    uint256 limitRaw;
    bytes userData;
}

/// @param direction 0 wraps, 1 unwraps.
struct BufferParams {
    uint8 kind;
    uint8 direction;
    address wrappedToken;
    uint256 amountGivenRaw;
    uint256 limitRaw;
}

/// @title The part of Balancer v3's vault that the executor calls
interface IBalancerV3Vault {
    /// @notice Calls the sender with `data` while the vault is unlocked.
    function unlock(bytes calldata data) external returns (bytes memory);

    function swap(VaultSwapParams memory params)
        external
        returns (uint256 calculated, uint256 amountIn, uint256 amountOut);

    function erc4626BufferWrapOrUnwrap(BufferParams memory params)
        external
        returns (uint256 calculated, uint256 amountIn, uint256 amountOut);

    function sendTo(address token, address to, uint256 amount) external;

    function settle(address token, uint256 amountHint) external returns (uint256 credit);
}
