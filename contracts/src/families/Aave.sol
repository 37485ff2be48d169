// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {IAaveV3Pool} from "../interfaces/IAaveV3Pool.sol";
import {Expected} from "../libraries/Expected.sol";
import {Purse} from "../libraries/Purse.sol";
import {Token} from "../libraries/Token.sol";
import {Step} from "../types/Step.sol";

/// @title Aave v3: loans and liquidations
/// @notice Detail of a liquidation: the borrower, 20 bytes.
abstract contract Aave is Core {
    using Token for address;

    uint256 internal constant AAVE_LOAN = 0;

    function _borrowAave(Step step) internal {
        bytes memory data = step.travelling();
        Expected.commit(step.pool(), data);
        IAaveV3Pool(step.pool()).flashLoanSimple(address(this), step.tokenIn(), step.amountIn(), data, 0);
        Expected.requireConsumed(step.pool());
        step.tokenIn().revoke(step.pool());
    }

    /// @notice `executeOperation`: the loan has arrived. Asset and amount are the step's, whatever the lender says they are.
    function _lentAave(uint256 premium, bytes calldata data) internal {
        Step step = _enterLoan(data, AAVE_LOAN);
        _allow(step, msg.sender, _useLoan(step, data.length, premium));
    }

    /// @dev Collateral in WETH is measured at once too: nobody else promises it.
    /// @custom:security The lender covers less than asked when the close factor caps it: what it really took is
    /// measured, and the rest of the allowance is taken back.
    function _liquidate(Step step) internal {
        (address pool, address debt, uint256 amount) = (step.pool(), step.tokenIn(), step.amountIn());
        bool one = debt == step.tokenOut();
        step.setHeld(step.tokenOut().balanceOf(address(this)));
        uint256 held = one ? 0 : debt.balanceOf(address(this));
        debt.approve(pool, amount);
        IAaveV3Pool(pool).liquidationCall(step.tokenOut(), debt, address(uint160(step.detail())), amount, false);
        debt.revoke(pool);
        if (!one) Purse.spend(debt, held - debt.balanceOf(address(this)), weth);
        _requireArrived(step, address(this), step.amountOut());
    }
}
