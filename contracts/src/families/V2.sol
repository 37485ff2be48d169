// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {IUniswapV2Pair} from "../interfaces/IUniswapV2Pair.sol";
import {Expected} from "../libraries/Expected.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";

/// @title Uniswap v2 and its forks, and the Solidly family, whose pairs are called in the same way
abstract contract V2 is Core {
    uint256 internal constant V2_LOAN = 3;

    function _swapV2(Step step) internal {
        _measure(step);
        if (step.has(S.INNER)) {
            bytes memory data = step.travelling();
            Expected.commit(step.pool(), data);
            _callPair(step, address(this), step.amountOut(), step.zeroForOne(), data);
            Expected.requireConsumed(step.pool());
        } else {
            if (!step.has(S.PREPAID)) _pay(step, step.pool(), step.amountIn());
            _callPair(step, step.recipient(), step.amountOut(), step.zeroForOne(), "");
            _requireReceived(step);
        }
    }

    /// @dev The pair wants its fee on top of what it lent; `_argument` is 1 when it lends its token1.
    function _borrowV2(Step step) internal {
        bytes memory data = step.travelling();
        Expected.commit(step.pool(), data);
        _callPair(step, address(this), step.amountIn(), _argument(step) == 1, data);
        Expected.requireConsumed(step.pool());
    }

    function _callPair(Step step, address to, uint256 amount, bool second, bytes memory data) private {
        IUniswapV2Pair(step.pool()).swap(second ? 0 : amount, second ? amount : 0, to, data);
    }

    function uniswapV2Call(address, uint256, uint256, bytes calldata data) external {
        _payPair(data);
    }

    /// @notice Forks call by another name: `pancakeCall`, Trader Joe's `joeCall`, Solidly's `hook`.
    function _payPair(bytes calldata data) internal {
        Step step = Expected.consume(data);
        if (step.kind() == S.V2) {
            _requireReceived(step);
            _runInner(step, data.length);
            _pay(step, msg.sender, step.amountIn());
        } else if (step.kind() == S.LOAN && _source(step) == V2_LOAN) {
            _pay(step, msg.sender, _useLoan(step, data.length, step.amountOut()));
        } else {
            revert Expected.UnexpectedCallback(msg.sender);
        }
    }
}
