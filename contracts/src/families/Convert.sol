// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "../Core.sol";
import {IERC4626, IWETH, IWstETH} from "../interfaces/IWrappers.sol";
import {Purse} from "../libraries/Purse.sol";
import {Token} from "../libraries/Token.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";

/// @title Steps that no market prices: wrapped ether, ERC-4626 vaults, wstETH
/// @notice Detail: one of the constants below. The zero address is ether.
abstract contract Convert is Core {
    using Token for address;

    uint256 private constant WRAP_ETHER = 0;
    uint256 private constant UNWRAP_ETHER = 1;
    uint256 private constant DEPOSIT = 2;
    uint256 private constant REDEEM = 3;
    uint256 private constant WRAP = 4;
    uint256 private constant UNWRAP = 5;

    function _convert(Step step) internal {
        _measure(step);
        uint256 way = step.detail();
        (address pool, uint256 amount) = (step.pool(), step.amountIn());
        bool pulls = way == DEPOSIT || way == WRAP;
        if (pulls) _allow(step, pool, amount);
        else Purse.spend(step.tokenIn(), amount, weth);

        if (way == WRAP_ETHER) IWETH(pool).deposit{value: amount}();
        else if (way == UNWRAP_ETHER) IWETH(pool).withdraw(amount);
        else if (way == DEPOSIT) IERC4626(pool).deposit(amount, step.recipient());
        else if (way == REDEEM) IERC4626(pool).redeem(amount, step.recipient(), address(this));
        else if (way == WRAP) IWstETH(pool).wrap(amount);
        else if (way == UNWRAP) IWstETH(pool).unwrap(amount);
        else revert UnknownVariant(step.place(), S.CONVERT, way);

        if (pulls) step.tokenIn().revoke(pool);
        _requireReceived(step);
    }
}
