// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The part of Morpho that the executor calls
interface IMorpho {
    /// @notice Calls the sender back and then pulls the same amount from it.
    function flashLoan(address token, uint256 assets, bytes calldata data) external;
}
