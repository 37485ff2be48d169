// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Expected} from "./libraries/Expected.sol";
import {Purse} from "./libraries/Purse.sol";
import {Token} from "./libraries/Token.sol";
import {Step, StepLibrary as S} from "./types/Step.sol";

/// @title What every family of exchanges and lenders is built on: paying, measuring, letting callbacks in
abstract contract Core {
    using Token for address;

    /// @dev Less arrived than the step states.
    error InsufficientReceived(uint256 place, uint256 kind, uint256 expected, uint256 found);
    /// @dev The pool or lender asks for more than the step states.
    error Overcharged(uint256 place, uint256 kind, uint256 expected, uint256 found);
    /// @dev A pool refused the call without saying why.
    error CallFailed(uint256 place, uint256 kind);
    /// @dev A loan from a source, or a step of a variant, that this contract does not know.
    error UnknownVariant(uint256 place, uint256 kind, uint256 variant);

    address public immutable weth;

    uint160 internal constant LOWEST_LIMIT = 4295128740;
    uint160 internal constant HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;

    /// @notice Runs the packed steps between two memory positions; `token` and `amount` are what the first finds.
    function _run(uint256 cursor, uint256 end, address token, uint256 amount) internal virtual;

    /// @notice Runs what is nested in a step that came back with a callback of `size` bytes.
    function _runInner(Step step, uint256 size) internal {
        (uint256 cursor, uint256 end) = step.inner(size);
        bool loan = step.kind() == S.LOAN;
        _run(cursor, end, step.tokenOut(), loan ? step.amountIn() : step.amountOut());
    }

    // ----------------------------------------------------------------- paying

    function _pay(Step step, address to, uint256 amount) internal {
        Purse.spend(step.tokenIn(), amount, weth);
        step.tokenIn().transfer(to, amount);
    }

    /// @notice Pays what a pool says it is owed, which is at most `amountIn`.
    function _payOwed(Step step, address to, uint256 owed) internal {
        _requireAtMost(step, step.amountIn(), owed);
        _pay(step, to, owed);
    }

    /// @custom:security Whoever allows takes back what is left: see `Token.revoke`.
    function _allow(Step step, address spender, uint256 amount) internal {
        Purse.spend(step.tokenIn(), amount, weth);
        step.tokenIn().approve(spender, amount);
    }

    // -------------------------------------------------------------- measuring

    function _measure(Step step) internal view {
        if (_isJudgedLast(step)) return;
        step.setHeld(step.tokenOut().balanceOf(step.recipient()));
    }

    /// @dev WETH that comes here is measured once, at the end of the run: no step's shortfall escapes that.
    function _isJudgedLast(Step step) private view returns (bool) {
        return step.tokenOut() == weth && step.recipient() == address(this);
    }

    /// @notice The output of a swap has arrived where it should.
    function _requireReceived(Step step) internal {
        if (_isJudgedLast(step)) return;
        _requireArrived(step, step.recipient(), step.amountOut());
    }

    /// @notice The money of a loan has arrived here.
    function _requireLent(Step step) internal {
        if (_isJudgedLast(step)) return;
        _requireArrived(step, step.recipient(), step.amountIn());
    }

    function _requireArrived(Step step, address to, uint256 expected) internal {
        uint256 holds = step.tokenOut().balanceOf(to);
        uint256 held = step.held();
        if (holds < held + expected) {
            revert InsufficientReceived(step.place(), step.kind(), expected, holds < held ? 0 : holds - held);
        }
        if (to == address(this)) Purse.earn(step.tokenOut(), expected, weth);
    }

    /// @notice The pool itself says that it gives `found`; cheaper than a look at balances, and where it lies they tell.
    function _requireGiven(Step step, uint256 found) internal pure {
        if (found < step.amountOut()) {
            revert InsufficientReceived(step.place(), step.kind(), step.amountOut(), found);
        }
    }

    function _requireAtMost(Step step, uint256 expected, uint256 found) internal pure {
        if (found > expected) revert Overcharged(step.place(), step.kind(), expected, found);
    }

    // -------------------------------------------------------------- callbacks


    /// @notice Lets a callback in, and refuses a caller that answers another kind of call than it was sent.
    /// @custom:security Spends the commitment that the call to the pool made before anything else; see `Expected`.
    function _enter(bytes calldata data, uint256 kind) internal returns (Step step) {
        step = Expected.consume(data);
        if (step.kind() != kind) revert Expected.UnexpectedCallback(msg.sender);
    }

    /// @dev The same for a loan from `source`.
    function _enterLoan(bytes calldata data, uint256 source) internal returns (Step step) {
        step = _enter(data, S.LOAN);
        if (_source(step) != source) revert Expected.UnexpectedCallback(msg.sender);
    }

    // ------------------------------------------------------------------ loans

    /// @dev Detail of a loan: source 1, argument 1.
    function _source(Step step) internal pure returns (uint256) {
        return step.detail() >> 8;
    }

    /// @return Which side of a pool is lent, or the number of the lender's market.
    function _argument(Step step) internal pure returns (uint256) {
        return step.detail() & 0xff;
    }

    /// @notice The loan is here: runs what it is for, and judges its price.
    /// @return owed Amount and premium, still to be paid back.
    function _useLoan(Step step, uint256 size, uint256 premium) internal returns (uint256 owed) {
        _requireLent(step);
        _requireAtMost(step, step.amountOut(), premium);
        _runInner(step, size);
        owed = step.amountIn() + premium;
    }
}
