// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {AccountInfo, ActionArgs, AssetAmount, ISoloMargin} from "../interfaces/ISoloMargin.sol";
import {Expected} from "../libraries/Expected.sol";
import {Token} from "../libraries/Token.sol";
import {Step} from "../types/Step.sol";

/// @title dYdX Solo: a withdrawal, a call and a deposit in one operation are a loan
/// @notice `_argument` is the market's number, `amountOut` what is deposited on top of the loan.
abstract contract Solo is Core {
    using Token for address;

    uint256 internal constant SOLO_LOAN = 7;

    uint8 private constant DEPOSIT = 0;
    uint8 private constant WITHDRAW = 1;
    uint8 private constant CALL = 8;

    function _borrowSolo(Step step) internal {
        bytes memory data = step.travelling();
        Expected.commit(step.pool(), data);
        AccountInfo[] memory accounts = new AccountInfo[](1);
        accounts[0] = AccountInfo(address(this), 1);
        ActionArgs[] memory actions = new ActionArgs[](3);
        actions[0] = _action(step, WITHDRAW, step.amountIn(), "");
        actions[1] = _action(step, CALL, 0, data);
        actions[2] = _action(step, DEPOSIT, step.amountIn() + step.amountOut(), "");
        ISoloMargin(step.pool()).operate(accounts, actions);
        Expected.requireConsumed(step.pool());
        step.tokenIn().revoke(step.pool());
    }

    /// @notice `callFunction`.
    function _lentSolo(bytes calldata data) internal {
        Step step = _enterLoan(data, SOLO_LOAN);
        _allow(step, msg.sender, _useLoan(step, data.length, step.amountOut()));
    }

    function _action(Step step, uint8 kind, uint256 amount, bytes memory data)
        private
        view
        returns (ActionArgs memory)
    {
        AssetAmount memory value = AssetAmount(kind == DEPOSIT, 0, 0, amount);
        return ActionArgs(kind, 0, value, _argument(step), 0, address(this), 0, data);
    }
}
