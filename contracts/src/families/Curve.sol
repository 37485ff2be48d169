// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {ICurveCryptoPool, ICurvePool} from "../interfaces/ICurvePool.sol";
import {Token} from "../libraries/Token.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";

/// @title Curve: plain, lending, meta and crypto pools of every generation
/// @notice Detail: variant 1, index of the input 1, index of the output 1. The zero address is ether, which old pools
/// take as the value of the call.
abstract contract Curve is Core {
    using Token for address;

    /// @dev The indices are uint256 (crypto pools), else int128.
    uint256 private constant UNSIGNED = 1;
    /// @dev Between coins of a meta or lending pool's underlying set.
    uint256 private constant UNDERLYING = 2;
    /// @dev The pool trades what was sent to it beforehand, and takes no allowance (NG).
    uint256 private constant RECEIVED = 4;

    function _swapCurve(Step step) internal {
        uint256 variant = step.detail() >> 16;
        bytes4 selector = _selector(variant);
        if (selector == 0) revert UnknownVariant(step.place(), S.CURVE, variant);
        address token = step.tokenIn();
        _measure(step);
        bool allowed;
        if (variant & RECEIVED != 0) {
            if (!step.has(S.PREPAID)) _pay(step, step.pool(), step.amountIn());
        } else if (token != address(0)) {
            _allow(step, step.pool(), step.amountIn());
            allowed = true;
        }
        _exchange(step, selector, token == address(0) ? step.amountIn() : 0);
        if (allowed) token.revoke(step.pool());
        _requireReceived(step);
    }

    function _selector(uint256 variant) private pure returns (bytes4) {
        if (variant == 0) return ICurvePool.exchange.selector;
        if (variant == UNSIGNED) return ICurveCryptoPool.exchange.selector;
        if (variant == UNDERLYING) return ICurvePool.exchange_underlying.selector;
        if (variant == UNDERLYING | UNSIGNED) return ICurveCryptoPool.exchange_underlying.selector;
        if (variant == RECEIVED) return ICurvePool.exchange_received.selector;
        if (variant == RECEIVED | UNSIGNED) return ICurveCryptoPool.exchange_received.selector;
        return 0;
    }

    /// @dev The first pools return nothing, later ones the output: neither is read, what arrives is measured.
    function _exchange(Step step, bytes4 selector, uint256 value) private {
        (uint256 detail, address pool) = (step.detail(), step.pool());
        (uint256 amountIn, uint256 amountOut) = (step.amountIn(), step.amountOut());
        bool done;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, selector)
            mstore(add(m, 0x04), and(shr(8, detail), 0xff))
            mstore(add(m, 0x24), and(detail, 0xff))
            mstore(add(m, 0x44), amountIn)
            mstore(add(m, 0x64), amountOut)
            done := call(gas(), pool, value, m, 0x84, 0, 0)
        }
        if (!done) revert CallFailed(step.place(), S.CURVE);
    }
}
