// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {IMorpho} from "../interfaces/IMorpho.sol";
import {Expected} from "../libraries/Expected.sol";
import {Token} from "../libraries/Token.sol";
import {Step} from "../types/Step.sol";

/// @title Morpho: lends all that it holds, for nothing
abstract contract Morpho is Core {
    using Token for address;

    uint256 internal constant MORPHO_LOAN = 6;

    function _borrowMorpho(Step step) internal {
        bytes memory data = step.travelling();
        Expected.commit(step.pool(), data);
        IMorpho(step.pool()).flashLoan(step.tokenIn(), step.amountIn(), data);
        Expected.requireConsumed(step.pool());
        step.tokenIn().revoke(step.pool());
    }

    /// @notice `onMorphoFlashLoan`.
    function _lentMorpho(bytes calldata data) internal {
        Step step = _enterLoan(data, MORPHO_LOAN);
        _allow(step, msg.sender, _useLoan(step, data.length, 0));
    }
}
