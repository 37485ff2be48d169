// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {BufferParams, IBalancerV3Vault, VaultSwapParams} from "../interfaces/IBalancerV3Vault.sol";
import {Expected} from "../libraries/Expected.sol";
import {Token} from "../libraries/Token.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";

/// @title Balancer v3: one vault holds all pools, and is settled before it locks again
/// @notice Detail: the pool, 20 bytes. An ERC-4626 buffer of the vault has its wrapped token in the pool's place.
abstract contract BalancerV3 is Core {
    using Token for address;

    uint256 internal constant BALANCER_V3_LOAN = 2;
    bytes4 internal constant BALANCER_V3_UNLOCKED = bytes4(keccak256("balancerV3Unlocked(bytes)"));

    function _swapBalancerV3(Step step) internal {
        _measure(step);
        _unlockBalancerV3(step);
        if (!step.has(S.INNER)) _requireReceived(step);
    }

    function _unlockBalancerV3(Step step) internal {
        bytes memory data = step.travellingWhole();
        Expected.commit(step.pool(), data);
        IBalancerV3Vault(step.pool()).unlock(abi.encodeWithSelector(BALANCER_V3_UNLOCKED, data));
        Expected.requireConsumed(step.pool());
    }

    /// @notice What the vault calls while it is unlocked, as it was told to.
    function _unlockedBalancerV3(bytes calldata data) internal {
        IBalancerV3Vault vault = IBalancerV3Vault(msg.sender);
        Step step = Expected.consume(data);
        if (step.kind() == S.BALANCER_V3) {
            (uint256 owed, uint256 got) = _tradeBalancerV3(step, vault);
            _requireAtMost(step, step.amountIn(), owed);
            _requireGiven(step, got);
            vault.sendTo(step.tokenOut(), step.recipient(), got);
            if (step.has(S.INNER)) {
                _requireReceived(step);
                _runInner(step, data.length);
            }
            _settleBalancerV3(step, vault, owed);
        } else if (step.kind() == S.LOAN && _source(step) == BALANCER_V3_LOAN) {
            vault.sendTo(step.tokenOut(), address(this), step.amountIn());
            _settleBalancerV3(step, vault, _useLoan(step, data.length, 0));
        } else {
            revert Expected.UnexpectedCallback(msg.sender);
        }
    }

    function _tradeBalancerV3(Step step, IBalancerV3Vault vault) private returns (uint256 owed, uint256 got) {
        address pool = address(uint160(step.detail()));
        bool exactOut = step.has(S.EXACT_OUT);
        uint8 kind = exactOut ? 1 : 0;
        (uint256 given, uint256 limit) =
            exactOut ? (step.amountOut(), step.amountIn()) : (step.amountIn(), step.amountOut());
        if (pool == step.tokenOut() || pool == step.tokenIn()) {
            uint8 direction = pool == step.tokenOut() ? 0 : 1;
            (, owed, got) = vault.erc4626BufferWrapOrUnwrap(BufferParams(kind, direction, pool, given, limit));
        } else {
            (, owed, got) =
                vault.swap(VaultSwapParams(kind, pool, step.tokenIn(), step.tokenOut(), given, limit, ""));
        }
    }

    function _settleBalancerV3(Step step, IBalancerV3Vault vault, uint256 owed) private {
        _pay(step, address(vault), owed);
        vault.settle(step.tokenIn(), owed);
    }
}
