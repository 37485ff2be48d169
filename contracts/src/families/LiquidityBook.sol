// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {ILiquidityBookPair} from "../interfaces/ILiquidityBookPair.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";

/// @title Liquidity Book 2.0 to 2.2: a pair trades what was sent to it beforehand
/// @notice Detail: 1 when the input is the pair's token X, else 0.
abstract contract LiquidityBook is Core {
    function _swapLiquidityBook(Step step) internal {
        _measure(step);
        if (!step.has(S.PREPAID)) _pay(step, step.pool(), step.amountIn());
        ILiquidityBookPair(step.pool()).swap(step.detail() == 1, step.recipient());
        _requireReceived(step);
    }
}
