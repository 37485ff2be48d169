// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The part of Curve's pools that the executor calls, where indices are int128: plain, lending, meta, NG
/// @notice The first pools return nothing.
interface ICurvePool {
    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external payable;

    function exchange_underlying(int128 i, int128 j, uint256 dx, uint256 minDy) external;

    /// @notice Trades what was sent beforehand.
    function exchange_received(int128 i, int128 j, uint256 dx, uint256 minDy) external;
}

/// @title The same of crypto pools, whose indices are uint256
interface ICurveCryptoPool {
    function exchange(uint256 i, uint256 j, uint256 dx, uint256 minDy) external payable;

    function exchange_underlying(uint256 i, uint256 j, uint256 dx, uint256 minDy) external payable;

    function exchange_received(uint256 i, uint256 j, uint256 dx, uint256 minDy) external;
}
