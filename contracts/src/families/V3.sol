// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {IUniswapV3Pool} from "../interfaces/IUniswapV3Pool.sol";
import {Expected} from "../libraries/Expected.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";

/// @title Uniswap v3 and the families whose pools are called in the same way: PancakeSwap v3, Algebra, Slipstream
abstract contract V3 is Core {
    uint256 internal constant V3_LOAN = 4;

    function _swapV3(Step step) internal {
        _measure(step);
        bytes memory data = step.travelling();
        Expected.commit(step.pool(), data);
        bool zeroForOne = step.zeroForOne();
        (int256 amount0, int256 amount1) = IUniswapV3Pool(step.pool()).swap(
            step.recipient(),
            zeroForOne,
            step.has(S.EXACT_OUT) ? -int256(step.amountOut()) : int256(step.amountIn()),
            zeroForOne ? LOWEST_LIMIT : HIGHEST_LIMIT,
            data
        );
        Expected.requireConsumed(step.pool());
        if (step.has(S.INNER)) return;
        _requireGiven(step, uint256(-(zeroForOne ? amount1 : amount0)));
        _requireReceived(step);
    }

    /// @dev `_argument` is 1 when the pool lends its token1.
    function _borrowV3(Step step) internal {
        bytes memory data = step.travelling();
        Expected.commit(step.pool(), data);
        bool second = _argument(step) == 1;
        uint256 amount = step.amountIn();
        IUniswapV3Pool(step.pool()).flash(address(this), second ? 0 : amount, second ? amount : 0, data);
        Expected.requireConsumed(step.pool());
    }

    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external {
        _payPool(amount0Delta, amount1Delta, data);
    }

    /// @notice Forks call by another name: `pancakeV3SwapCallback`, `algebraSwapCallback`.
    /// @custom:security What is owed is whichever amount is positive; it is paid in the step's own token, and a pool
    /// that says both are negative wants more than any step states.
    function _payPool(int256 amount0Delta, int256 amount1Delta, bytes calldata data) internal {
        Step step = _enter(data, S.V3);
        if (step.has(S.INNER)) {
            _requireGiven(step, uint256(-(amount0Delta > 0 ? amount1Delta : amount0Delta)));
            _requireReceived(step);
            _runInner(step, data.length);
        }
        _payOwed(step, msg.sender, uint256(amount0Delta > 0 ? amount0Delta : amount1Delta));
    }

    /// @notice `uniswapV3FlashCallback` and its kin.
    function _repayPool(uint256 fee0, uint256 fee1, bytes calldata data) internal {
        Step step = _enterLoan(data, V3_LOAN);
        _pay(step, msg.sender, _useLoan(step, data.length, _argument(step) == 1 ? fee1 : fee0));
    }
}
