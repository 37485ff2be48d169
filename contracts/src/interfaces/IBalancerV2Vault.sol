// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @param kind 0 fixes the input, 1 the output.
struct SingleSwap {
    bytes32 poolId;
    uint8 kind;
    address assetIn;
    address assetOut;
    uint256 amount;
    bytes userData;
}

struct Funds {
    address sender;
    bool fromInternalBalance;
    address recipient;
    bool toInternalBalance;
}

/// @title The part of Balancer v2's vault that the executor calls
interface IBalancerV2Vault {
    function swap(SingleSwap memory singleSwap, Funds memory funds, uint256 limit, uint256 deadline)
        external
        returns (uint256);

    function flashLoan(
        address recipient,
        address[] memory tokens,
        uint256[] memory amounts,
        bytes memory userData
    ) external;
}
