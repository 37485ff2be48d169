// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAaveV3Pool} from "./interfaces/IAaveV3Pool.sol";
import {IUniswapV2Pair} from "./interfaces/IUniswapV2Pair.sol";
import {IUniswapV3Pool} from "./interfaces/IUniswapV3Pool.sol";
import {IWETH} from "./interfaces/IWETH.sol";
import {Expected} from "./libraries/Expected.sol";
import {Token} from "./libraries/Token.sol";
import {Step, StepLibrary as S} from "./types/Step.sol";

/// @title TallyIO executor
/// @notice Runs a route of swaps, flash swaps, flash loans and liquidations in one transaction, and reverts unless
/// the contract's WETH grew by the demanded profit and the bid, which it then pays to the block's proposer.
/// @custom:security Only the owner, who is the deployer for good, can start anything or take anything out. There is
/// no storage, no upgrade, no allowance that outlives a transaction, and no delegatecall.
/// @custom:security Amounts are the caller's exact predictions. What arrives is measured on balances, so a token
/// that takes a fee, or a pool that pays less than stated, ends in a revert and never in a loss.
/// @custom:security The profit rule is judged on WETH alone. A route that leaves other tokens behind (an outer swap
/// that was left out) may spend them later, but never more WETH than `minProfit` allows.
contract Executor {
    using Token for address;

    // ----------------------------------------------------------------- errors

    /// @dev The caller is not the owner.
    error NotOwner(address caller);
    /// @dev A function of the owner was called while `execute` is under way.
    error Locked();
    /// @dev A step, or what is nested in it, reaches beyond the bytes that hold it.
    error Truncated(uint256 place);
    /// @dev A step forwards its output, but what follows is not a v2 swap that expects it.
    error NotForwardable(uint256 place);
    /// @dev Less arrived than the step states.
    error InsufficientReceived(uint256 place, uint256 kind, uint256 expected, uint256 found);
    /// @dev The pool or lender asks for more than the step states.
    error Overcharged(uint256 place, uint256 kind, uint256 expected, uint256 found);
    /// @dev WETH grew by less than minimum profit and bid together; negative when it shrank.
    error Unprofitable(int256 gained, uint256 required);
    /// @dev The proposer's address, or the receiver of a withdrawal, did not take the ether.
    error EtherRefused(address to, uint256 amount);
    /// @dev Ether comes only from WETH, when it is unwrapped.
    error EtherNotAccepted(address from);
    /// @dev The zero address where it would destroy funds, or as WETH.
    error ZeroAddress();

    // ----------------------------------------------------------------- events

    /// @param gained What the route added to the contract's WETH, before the bid.
    event Executed(uint256 gained, uint256 bid);
    /// @dev A token that an emergency exit had to leave behind; the zero address stands for ether.
    event ExitFailed(address indexed token);

    // -------------------------------------------------------------- constants

    address public immutable owner;
    address public immutable weth;

    /// @dev Transient slot 1; slot 0 holds the expected callback.
    uint256 private constant LOCK = 1;
    /// @dev A hostile token may burn this much of an emergency exit and no more.
    uint256 private constant EXIT_GAS = 500_000;
    uint160 private constant LOWEST_LIMIT = 4295128740;
    uint160 private constant HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;

    constructor(address weth_) {
        if (weth_ == address(0)) revert ZeroAddress();
        owner = msg.sender;
        weth = weth_;
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    modifier unlocked() {
        bool locked;
        assembly ("memory-safe") {
            locked := tload(LOCK)
        }
        if (locked) revert Locked();
        _;
    }

    // ---------------------------------------------------------------- trading

    /// @notice Runs `steps` and keeps the profit here.
    /// @param steps Packed as `Step.sol` describes.
    /// @param minProfit WETH that must stay after the bid.
    /// @param bid WETH that is unwrapped and paid to `block.coinbase`.
    /// @custom:security The lock keeps an owner that is itself a contract from being led back in by a token or pool.
    function execute(bytes calldata steps, uint256 minProfit, uint256 bid) external onlyOwner unlocked {
        assembly ("memory-safe") {
            tstore(LOCK, 1)
        }
        uint256 held = weth.balanceOf(address(this));
        _run(steps);
        uint256 holds = weth.balanceOf(address(this));

        uint256 required = minProfit + bid;
        if (holds < held || holds - held < required) revert Unprofitable(int256(holds) - int256(held), required);
        if (bid != 0) {
            IWETH(weth).withdraw(bid);
            _sendEther(block.coinbase, bid);
        }
        emit Executed(holds - held, bid);
        assembly ("memory-safe") {
            tstore(LOCK, 0)
        }
    }

    function _run(bytes calldata steps) private {
        uint256 end;
        uint256 cursor;
        assembly ("memory-safe") {
            cursor := steps.offset
            end := add(cursor, steps.length)
        }
        while (cursor < end) {
            Step step = Step.wrap(cursor);
            uint256 size = step.size();
            cursor += size;
            if (cursor > end) revert Truncated(step.place());

            uint256 kind = step.kind();
            if (kind == S.V2_SWAP) _swapV2(step);
            else if (kind == S.V3_SWAP) _swapV3(step, size);
            else if (kind == S.V2_FLASH) _flashV2(step, size);
            else if (kind == S.V3_FLASH) _flashV3(step, size);
            else if (kind == S.AAVE_FLASH) _flashAave(step, size);
            else _liquidate(step);
        }
    }

    // ------------------------------------------------------------------ swaps

    function _swapV2(Step step) private {
        if (!step.has(S.PREPAID)) step.tokenIn().transfer(step.pool(), step.amountIn());
        address to = _recipient(step);
        uint256 held = step.tokenOut().balanceOf(to);
        _callPair(step, to, "");
        _requireReceived(step, to, held);
    }

    function _swapV3(Step step, uint256 size) private {
        address to = _recipient(step);
        uint256 held = step.tokenOut().balanceOf(to);
        _callPool(step, to, _callbackData(step, size, held));
        _requireReceived(step, to, held);
    }

    function _flashV2(Step step, uint256 size) private {
        bytes memory data = _callbackData(step, size, step.tokenOut().balanceOf(address(this)));
        Expected.commit(step.pool(), data);
        _callPair(step, address(this), data);
        Expected.requireConsumed(step.pool());
    }

    function _flashV3(Step step, uint256 size) private {
        address to = _recipient(step);
        _callPool(step, to, _callbackData(step, size, step.tokenOut().balanceOf(to)));
    }

    function _callPair(Step step, address to, bytes memory data) private {
        uint256 amount = step.amountOut();
        bool zeroForOne = step.zeroForOne();
        IUniswapV2Pair(step.pool()).swap(zeroForOne ? 0 : amount, zeroForOne ? amount : 0, to, data);
    }

    function _callPool(Step step, address to, bytes memory data) private {
        Expected.commit(step.pool(), data);
        bool zeroForOne = step.zeroForOne();
        IUniswapV3Pool(step.pool()).swap(
            to,
            zeroForOne,
            step.has(S.EXACT_OUT) ? -int256(step.amountOut()) : int256(step.amountIn()),
            zeroForOne ? LOWEST_LIMIT : HIGHEST_LIMIT,
            data
        );
        Expected.requireConsumed(step.pool());
    }

    /// @dev Where the output of a swap goes: here, or to the pair that trades it next.
    function _recipient(Step step) private view returns (address) {
        if (!step.has(S.FORWARD)) return address(this);
        Step next = step.next();
        if (next.kind() != S.V2_SWAP || !next.has(S.PREPAID)) revert NotForwardable(step.place());
        return next.pool();
    }

    // ---------------------------------------------------------------- lending

    function _flashAave(Step step, uint256 size) private {
        bytes memory data = _callbackData(step, size, step.tokenIn().balanceOf(address(this)));
        Expected.commit(step.pool(), data);
        IAaveV3Pool(step.pool()).flashLoanSimple(address(this), step.tokenIn(), step.loanAmount(), data, 0);
        Expected.requireConsumed(step.pool());
        step.tokenIn().revoke(step.pool());
    }

    /// @custom:security The lender covers less than asked when the close factor caps it, so the rest of the
    /// allowance is taken back.
    function _liquidate(Step step) private {
        address debt = step.tokenIn();
        uint256 held = step.tokenOut().balanceOf(address(this));
        debt.approve(step.pool(), step.amountIn());
        IAaveV3Pool(step.pool()).liquidationCall(step.tokenOut(), debt, step.borrower(), step.amountIn(), false);
        debt.revoke(step.pool());
        _requireReceived(step, address(this), held);
    }

    // -------------------------------------------------------------- callbacks

    /// @custom:security Every callback first spends the commitment that the call to the pool made; see `Expected`.
    function uniswapV2Call(address, uint256, uint256, bytes calldata data) external {
        _payPair(data);
    }

    function pancakeCall(address, uint256, uint256, bytes calldata data) external {
        _payPair(data);
    }

    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external {
        _payPool(amount0Delta, amount1Delta, data);
    }

    function pancakeV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external {
        _payPool(amount0Delta, amount1Delta, data);
    }

    /// @notice Aave's flash loan has arrived. Asset and amount are the step's, whatever the lender says they are.
    function executeOperation(address, uint256, uint256 premium, address, bytes calldata data)
        external
        returns (bool)
    {
        (Step step, uint256 held) = _enter(data, S.AAVE_FLASH);
        _requireArrived(step, step.tokenIn(), address(this), held, step.loanAmount());
        if (premium > step.loanPremium()) {
            revert Overcharged(step.place(), S.AAVE_FLASH, step.loanPremium(), premium);
        }
        _run(step.inner());
        step.tokenIn().approve(msg.sender, step.loanAmount() + premium);
        return true;
    }

    function _payPair(bytes calldata data) private {
        (Step step, uint256 held) = _enter(data, S.V2_FLASH);
        _requireReceived(step, address(this), held);
        _run(step.inner());
        step.tokenIn().transfer(msg.sender, step.amountIn());
    }

    function _payPool(int256 amount0Delta, int256 amount1Delta, bytes calldata data) private {
        (Step step, uint256 held) = _enter(data, S.V3_SWAP);
        if (step.kind() == S.V3_FLASH) {
            _requireReceived(step, _recipient(step), held);
            _run(step.inner());
        }
        uint256 owed = uint256(step.zeroForOne() ? amount0Delta : amount1Delta);
        if (owed > step.amountIn()) revert Overcharged(step.place(), step.kind(), step.amountIn(), owed);
        step.tokenIn().transfer(msg.sender, owed);
    }

    /// @dev What goes through a pool and comes back: the balance before the call, then the step itself.
    function _callbackData(Step step, uint256 size, uint256 held) private pure returns (bytes memory data) {
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, add(size, 0x20))
            mstore(add(data, 0x20), held)
            calldatacopy(add(data, 0x40), step, size)
            mstore(0x40, and(add(add(data, size), 0x5f), not(0x1f)))
        }
    }

    /// @dev Lets a callback in, and refuses a caller that answers another kind of call than it was sent.
    function _enter(bytes calldata data, uint256 kind) private returns (Step step, uint256 held) {
        Expected.consume(data);
        assembly ("memory-safe") {
            held := calldataload(data.offset)
            step := add(data.offset, 0x20)
        }
        uint256 k = step.kind();
        if (k != kind && !(kind == S.V3_SWAP && k == S.V3_FLASH)) revert Expected.UnexpectedCallback(msg.sender);
    }

    function _requireReceived(Step step, address to, uint256 held) private view {
        _requireArrived(step, step.tokenOut(), to, held, step.amountOut());
    }

    function _requireArrived(Step step, address token, address to, uint256 held, uint256 expected) private view {
        uint256 holds = token.balanceOf(to);
        if (holds < held + expected) {
            revert InsufficientReceived(step.place(), step.kind(), expected, holds < held ? 0 : holds - held);
        }
    }

    // ------------------------------------------------------------- the owner's

    /// @notice Sends `amount` of `token` (zero address: ether) to `to`.
    function withdraw(address token, uint256 amount, address to) external onlyOwner unlocked {
        if (to == address(0)) revert ZeroAddress();
        if (token == address(0)) _sendEther(to, amount);
        else token.transfer(to, amount);
    }

    /// @notice Returns all ether and the whole balance of every listed token to the owner.
    /// @custom:security One token cannot keep the others: each has its own gas, a revert or a false answer leaves it
    /// behind with an `ExitFailed`, and no answer longer than a word is copied.
    function emergencyExit(address[] calldata tokens) external onlyOwner unlocked {
        for (uint256 i = 0; i < tokens.length; ++i) {
            (bool known, uint256 amount) = tokens[i].tryBalanceOf(address(this), EXIT_GAS);
            if (known && amount == 0) continue;
            if (!known || !tokens[i].tryTransfer(owner, amount, EXIT_GAS)) emit ExitFailed(tokens[i]);
        }
        if (!_trySendEther(owner, address(this).balance)) emit ExitFailed(address(0));
    }

    receive() external payable {
        if (msg.sender != weth) revert EtherNotAccepted(msg.sender);
    }

    function _sendEther(address to, uint256 amount) private {
        if (!_trySendEther(to, amount)) revert EtherRefused(to, amount);
    }

    /// @dev Copies nothing of the answer.
    function _trySendEther(address to, uint256 amount) private returns (bool done) {
        assembly ("memory-safe") {
            done := call(gas(), to, amount, 0, 0, 0, 0)
        }
    }
}
