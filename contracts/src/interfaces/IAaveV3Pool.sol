// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The part of the Aave v3 pool that the executor calls
interface IAaveV3Pool {
    function flashLoanSimple(
        address receiver,
        address asset,
        uint256 amount,
        bytes calldata params,
        uint16 referralCode
    ) external;

    function liquidationCall(
        address collateral,
        address debt,
        address borrower,
        uint256 debtToCover,
        bool receiveAToken
    ) external;
}
