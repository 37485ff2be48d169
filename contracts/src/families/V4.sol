// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {IPoolManager, PoolKey, SwapParams} from "../interfaces/IPoolManager.sol";
import {Expected} from "../libraries/Expected.sol";
import {Purse} from "../libraries/Purse.sol";
import {Token} from "../libraries/Token.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";

/// @title Uniswap v4: one manager holds all pools, and is settled before it locks again
/// @notice The zero address is ether. Detail: fee 3, tick spacing 3, hooks 20.
abstract contract V4 is Core {
    using Token for address;

    uint256 internal constant V4_LOAN = 5;

    function _swapV4(Step step) internal {
        _measure(step);
        if (step.has(S.OPEN)) {
            _tradeV4(step, IPoolManager(step.pool()), 0);
        } else {
            _unlockV4(step);
        }
        if (!step.has(S.INNER)) _requireReceived(step);
    }

    function _unlockV4(Step step) internal {
        bytes memory data = step.travellingWhole();
        Expected.commit(step.pool(), data);
        IPoolManager(step.pool()).unlock(data);
        Expected.requireConsumed(step.pool());
    }

    /// @notice `unlockCallback`.
    function _unlockedV4(bytes calldata data) internal {
        Step step = Expected.consume(data);
        if (step.kind() == S.V4) {
            _tradeV4(step, IPoolManager(msg.sender), data.length);
        } else if (step.kind() == S.LOAN && _source(step) == V4_LOAN) {
            IPoolManager(msg.sender).take(step.tokenOut(), address(this), step.amountIn());
            _settle(step, IPoolManager(msg.sender), _useLoan(step, data.length, 0));
        } else {
            revert Expected.UnexpectedCallback(msg.sender);
        }
    }

    function _tradeV4(Step step, IPoolManager manager, uint256 size) private {
        bool zeroForOne = step.zeroForOne();
        int256 delta = manager.swap(
            _key(step, zeroForOne),
            SwapParams(
                zeroForOne,
                step.has(S.EXACT_OUT) ? int256(step.amountOut()) : -int256(step.amountIn()),
                zeroForOne ? LOWEST_LIMIT : HIGHEST_LIMIT
            ),
            ""
        );
        (int256 amount0, int256 amount1) = (delta >> 128, int256(int128(delta)));
        (int256 paid, int256 got) = zeroForOne ? (amount0, amount1) : (amount1, amount0);
        _requireAtMost(step, step.amountIn(), uint256(-paid));
        _requireGiven(step, got < 0 ? 0 : uint256(got));
        manager.take(step.tokenOut(), step.recipient(), uint256(got));
        if (step.has(S.INNER)) {
            _requireReceived(step);
            _runInner(step, size);
        }
        _settle(step, manager, uint256(-paid));
    }

    function _settle(Step step, IPoolManager manager, uint256 owed) private {
        address token = step.tokenIn();
        manager.sync(token);
        if (token == address(0)) {
            manager.settle{value: owed}();
        } else {
            _pay(step, address(manager), owed);
            manager.settle();
        }
    }

    function _key(Step step, bool zeroForOne) private pure returns (PoolKey memory) {
        (address a, address b) = (step.tokenIn(), step.tokenOut());
        uint256 detail = step.detail();
        return PoolKey(
            zeroForOne ? a : b,
            zeroForOne ? b : a,
            uint24(detail >> 184),
            int24(uint24(detail >> 160)),
            address(uint160(detail))
        );
    }
}
