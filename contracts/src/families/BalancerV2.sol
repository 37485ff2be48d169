// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {Funds, IBalancerV2Vault, SingleSwap} from "../interfaces/IBalancerV2Vault.sol";
import {Expected} from "../libraries/Expected.sol";
import {Token} from "../libraries/Token.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";

/// @title Balancer v2: one vault takes and gives for all pools, and lends what it holds
/// @notice Detail: the pool's id, 32 bytes.
abstract contract BalancerV2 is Core {
    using Token for address;

    uint256 internal constant BALANCER_V2_LOAN = 1;

    function _swapBalancerV2(Step step) internal {
        _measure(step);
        _allow(step, step.pool(), step.amountIn());
        bool exactOut = step.has(S.EXACT_OUT);
        (uint256 given, uint256 limit) =
            exactOut ? (step.amountOut(), step.amountIn()) : (step.amountIn(), step.amountOut());
        IBalancerV2Vault(step.pool()).swap(
            SingleSwap(bytes32(step.detail()), exactOut ? 1 : 0, step.tokenIn(), step.tokenOut(), given, ""),
            Funds(address(this), false, step.recipient(), false),
            limit,
            type(uint256).max
        );
        step.tokenIn().revoke(step.pool());
        _requireReceived(step);
    }

    function _borrowBalancerV2(Step step) internal {
        bytes memory data = step.travelling();
        Expected.commit(step.pool(), data);
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (step.tokenIn(), step.amountIn());
        IBalancerV2Vault(step.pool()).flashLoan(address(this), tokens, amounts, data);
        Expected.requireConsumed(step.pool());
    }

    /// @notice `receiveFlashLoan`: the vault's loan has arrived. Token and amount are the step's, whatever the vault says they are.
    function _lentBalancerV2(uint256 fee, bytes calldata data) internal {
        Step step = _enterLoan(data, BALANCER_V2_LOAN);
        _pay(step, msg.sender, _useLoan(step, data.length, fee));
    }
}
