// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Core} from "./Core.sol";
import {Aave} from "./families/Aave.sol";
import {BalancerV2} from "./families/BalancerV2.sol";
import {BalancerV3} from "./families/BalancerV3.sol";
import {Convert} from "./families/Convert.sol";
import {Curve} from "./families/Curve.sol";
import {LiquidityBook} from "./families/LiquidityBook.sol";
import {Morpho} from "./families/Morpho.sol";
import {Solo} from "./families/Solo.sol";
import {V2} from "./families/V2.sol";
import {V3} from "./families/V3.sol";
import {V4} from "./families/V4.sol";
import {ICallbacks as I} from "./interfaces/ICallbacks.sol";
import {IWETH} from "./interfaces/IWrappers.sol";
import {Token} from "./libraries/Token.sol";
import {Step, StepLibrary as S} from "./types/Step.sol";

/// @title TallyIO executor
/// @notice Runs a route of swaps, flash swaps, flash loans and liquidations in one transaction, and reverts unless
/// the contract's WETH grew by the demanded profit and the bid, which it then pays to the block's proposer.
/// @custom:security Only the owner, who is the deployer for good, can take anything out. Only the owner and the
/// operator can start a run, and no run leaves the contract with less of anything than it had. There is no storage,
/// no upgrade, no allowance that outlives a transaction, and no delegatecall.
/// @custom:security Amounts are the caller's exact predictions. What arrives is measured on balances, so a token
/// that takes a fee, or a pool that pays less than stated, ends in a revert and never in a loss.
contract Executor is V2, V3, V4, BalancerV2, BalancerV3, Curve, LiquidityBook, Convert, Aave, Morpho, Solo {
    using Token for address;

    // ----------------------------------------------------------------- errors

    /// @dev The caller is not the owner.
    error NotOwner(address caller);
    /// @dev The caller is neither the operator nor the owner.
    error NotOperator(address caller);
    /// @dev A second run in one transaction, or a function of the owner while a run is under way.
    error Locked();
    /// @dev Neither a function nor a callback that is known here.
    error UnknownFunction(bytes4 selector);
    /// @dev The run is for another block, on another parent, or too late.
    error WrongBlock(uint256 expected, uint256 found);
    error WrongParent(bytes32 expected, bytes32 found);
    error Expired(uint256 expiry, uint256 timestamp);
    /// @dev WETH grew by less than minimum profit and bid together; negative when it shrank.
    error Unprofitable(int256 gained, uint256 required);
    /// @dev The run would end with less ether than there was.
    error EtherSpent(uint256 held, uint256 holds);
    /// @dev The proposer's address, or the receiver of a withdrawal, did not take the ether.
    error EtherRefused(address to, uint256 amount);
    /// @dev Ether comes only from WETH, and during a run from pools.
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
    /// @notice May run routes and nothing else; the owner may as well.
    address public immutable operator;

    /// @dev Transient slot 1; slot 0 holds the expected callback.
    uint256 private constant LOCK = 1;
    uint256 internal constant IDLE = 0;
    uint256 internal constant RUNNING = 1;
    uint256 internal constant DONE = 2;
    /// @dev A hostile token may burn this much of an emergency exit and no more.
    uint256 private constant EXIT_GAS = 500_000;

    uint256 private constant GUARD_BLOCK = 1;
    uint256 private constant GUARD_PARENT = 2;
    uint256 private constant GUARD_EXPIRY = 4;

    /// @param operator_ The zero address makes the owner the operator.
    constructor(address weth_, address operator_) {
        if (weth_ == address(0)) revert ZeroAddress();
        owner = msg.sender;
        operator = operator_ == address(0) ? msg.sender : operator_;
        weth = weth_;
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        if (_lock() == RUNNING) revert Locked();
        _;
    }

    // ---------------------------------------------------------------- trading

    /// @notice Runs a route and keeps the profit here. Its arguments follow the selector, packed: guards 1 (which
    /// are there), length of the profit 1, length of the bid 1, profit, bid, block number 4, parent hash 32,
    /// timestamp 5, and the steps as `Step.sol` describes.
    /// Profit: WETH that must stay after the bid. Bid: WETH that is unwrapped and paid to `block.coinbase`. A run
    /// may be bound to its block's number, to its parent's hash, and to timestamps up to one. Ether that pools paid
    /// beyond what the route spends becomes WETH, so a run leaves the contract's ether as it was.
    /// @custom:security Once in a transaction: the lock keeps an owner that is itself a contract from being led back
    /// in by a token or pool, and what a run has earned from being spent by another.
    function execute() external {
        if (msg.sender != operator && msg.sender != owner) revert NotOperator(msg.sender);
        if (_lock() != IDLE) revert Locked();
        _setLock(RUNNING);
        (uint256 offset, uint256 minProfit, uint256 bid) = _terms();

        uint256 ether_ = address(this).balance;
        uint256 held = weth.balanceOf(address(this));
        _runCalldata(offset);
        uint256 left = address(this).balance;
        if (left < ether_) revert EtherSpent(ether_, left);
        if (left > ether_) IWETH(weth).deposit{value: left - ether_}();
        uint256 holds = weth.balanceOf(address(this));

        uint256 required = minProfit + bid;
        if (holds < held || holds - held < required) revert Unprofitable(int256(holds) - int256(held), required);
        if (bid != 0) {
            IWETH(weth).withdraw(bid);
            _sendEther(block.coinbase, bid);
        }
        emit Executed(holds - held, bid);
        _setLock(DONE);
    }

    /// @dev Judges the guards.
    /// @return offset Where in calldata the steps begin.
    function _terms() private view returns (uint256 offset, uint256 minProfit, uint256 bid) {
        uint256 guards;
        assembly ("memory-safe") {
            let word := calldataload(4)
            guards := byte(0, word)
            let size := byte(1, word)
            minProfit := shr(sub(256, shl(3, size)), calldataload(7))
            offset := add(7, size)
            size := byte(2, word)
            bid := shr(sub(256, shl(3, size)), calldataload(offset))
            offset := add(offset, size)
        }
        if (guards == 0) return (offset, minProfit, bid);
        uint256 wanted;
        if (guards & GUARD_BLOCK != 0) {
            (wanted, offset) = (_read(offset, 4), offset + 4);
            if (block.number != wanted) revert WrongBlock(wanted, block.number);
        }
        if (guards & GUARD_PARENT != 0) {
            (wanted, offset) = (_read(offset, 32), offset + 32);
            bytes32 parent = blockhash(block.number - 1);
            if (parent != bytes32(wanted)) revert WrongParent(bytes32(wanted), parent);
        }
        if (guards & GUARD_EXPIRY != 0) {
            (wanted, offset) = (_read(offset, 5), offset + 5);
            if (block.timestamp > wanted) revert Expired(wanted, block.timestamp);
        }
    }

    function _read(uint256 offset, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, size)), calldataload(offset))
        }
    }

    function _runCalldata(uint256 offset) private {
        uint256 cursor;
        uint256 end;
        assembly ("memory-safe") {
            cursor := mload(0x40)
            let size := mul(gt(calldatasize(), offset), sub(calldatasize(), offset))
            calldatacopy(cursor, offset, size)
            end := add(cursor, size)
            mstore(0x40, and(add(end, 0x1f), not(0x1f)))
        }
        _run(cursor, end, weth, 0);
    }

    function _run(uint256 cursor, uint256 end, address token, uint256 amount) internal override {
        Step step = S.allocate();
        while (cursor < end) {
            cursor = step.unpack(cursor, end, token, amount, weth);
            uint256 kind = step.kind();
            token = step.tokenOut();
            amount = kind == S.LOAN ? step.amountIn() : step.amountOut();
            if (kind == S.V2) _swapV2(step);
            else if (kind == S.V3) _swapV3(step);
            else if (kind == S.V4) _swapV4(step);
            else if (kind == S.CURVE) _swapCurve(step);
            else if (kind == S.BALANCER_V2) _swapBalancerV2(step);
            else if (kind == S.BALANCER_V3) _swapBalancerV3(step);
            else if (kind == S.LIQUIDITY_BOOK) _swapLiquidityBook(step);
            else if (kind == S.CONVERT) _convert(step);
            else if (kind == S.LOAN) _borrow(step);
            else _liquidate(step);
        }
    }

    function _borrow(Step step) private {
        if (!step.has(S.INNER)) revert S.Truncated(step.place());
        _measure(step);
        uint256 source = _source(step);
        if (source == AAVE_LOAN) _borrowAave(step);
        else if (source == BALANCER_V2_LOAN) _borrowBalancerV2(step);
        else if (source == BALANCER_V3_LOAN) _unlockBalancerV3(step);
        else if (source == V2_LOAN) _borrowV2(step);
        else if (source == V3_LOAN) _borrowV3(step);
        else if (source == V4_LOAN) _unlockV4(step);
        else if (source == MORPHO_LOAN) _borrowMorpho(step);
        else if (source == SOLO_LOAN) _borrowSolo(step);
        else revert UnknownVariant(step.place(), S.LOAN, source);
    }

    // -------------------------------------------------------------- callbacks

    /// @notice The callbacks beside `uniswapV2Call` and `uniswapV3SwapCallback`. Here, and not functions of their own,
    /// because each function makes the calls of those that follow it in the dispatcher dearer.
    fallback(bytes calldata input) external returns (bytes memory) {
        bytes4 name = msg.sig;
        if (name == I.pancakeV3SwapCallback.selector || name == I.algebraSwapCallback.selector) {
            _payPool(_signed(input, 0), _signed(input, 1), _tail(input, 2));
        } else if (name == I.unlockCallback.selector) {
            _unlockedV4(_tail(input, 0));
            return abi.encode(bytes(""));
        } else if (name == BALANCER_V3_UNLOCKED) {
            _unlockedBalancerV3(_tail(input, 0));
        } else if (
            name == I.pancakeCall.selector || name == I.joeCall.selector || name == I.hook.selector
        ) {
            _payPair(_tail(input, 3));
        } else if (
            name == I.uniswapV3FlashCallback.selector || name == I.pancakeV3FlashCallback.selector
                || name == I.algebraFlashCallback.selector
        ) {
            _repayPool(uint256(_signed(input, 0)), uint256(_signed(input, 1)), _tail(input, 2));
        } else if (name == I.receiveFlashLoan.selector) {
            (,, uint256[] memory fees,) = abi.decode(input[4:], (address[], uint256[], uint256[], bytes));
            _lentBalancerV2(fees[0], _tail(input, 3));
        } else if (name == I.executeOperation.selector) {
            _lentAave(uint256(_signed(input, 2)), _tail(input, 4));
            return abi.encode(true);
        } else if (name == I.onMorphoFlashLoan.selector) {
            _lentMorpho(_tail(input, 1));
        } else if (name == I.callFunction.selector) {
            _lentSolo(_tail(input, 3));
        } else {
            revert UnknownFunction(name);
        }
        return "";
    }

    /// @return An argument that is a word.
    function _signed(bytes calldata input, uint256 index) private pure returns (int256) {
        return int256(uint256(bytes32(input[4 + 32 * index:36 + 32 * index])));
    }

    /// @return data An argument that is bytes, checked to lie within the call.
    function _tail(bytes calldata input, uint256 index) private pure returns (bytes calldata data) {
        uint256 offset = 4 + uint256(_signed(input, index));
        uint256 size = uint256(bytes32(input[offset:offset + 32]));
        return input[offset + 32:offset + 32 + size];
    }

    function _lock() internal view returns (uint256 state) {
        assembly ("memory-safe") {
            state := tload(LOCK)
        }
    }

    function _setLock(uint256 state) internal {
        assembly ("memory-safe") {
            tstore(LOCK, state)
        }
    }

    // ------------------------------------------------------------- the owner's

    /// @notice Sends `amount` of `token` (zero address: ether) to `to`.
    function withdraw(address token, uint256 amount, address to) external onlyOwner {
        if (to == address(0)) revert ZeroAddress();
        if (token == address(0)) _sendEther(to, amount);
        else token.transfer(to, amount);
    }

    /// @notice Returns all ether and the whole balance of every listed token to the owner.
    /// @custom:security One token cannot keep the others: each has its own gas, a revert or a false answer leaves it
    /// behind with an `ExitFailed`, and no answer longer than a word is copied.
    function emergencyExit(address[] calldata tokens) external onlyOwner {
        for (uint256 i = 0; i < tokens.length; ++i) {
            (bool known, uint256 amount) = tokens[i].tryBalanceOf(address(this), EXIT_GAS);
            if (known && amount == 0) continue;
            if (!known || !tokens[i].tryTransfer(owner, amount, EXIT_GAS)) emit ExitFailed(tokens[i]);
        }
        if (!_trySendEther(owner, address(this).balance)) emit ExitFailed(address(0));
    }

    receive() external payable {
        if (msg.sender != weth && _lock() != RUNNING) revert EtherNotAccepted(msg.sender);
    }

    function _sendEther(address to, uint256 amount) internal {
        if (!_trySendEther(to, amount)) revert EtherRefused(to, amount);
    }

    /// @dev Copies nothing of the answer.
    function _trySendEther(address to, uint256 amount) private returns (bool done) {
        assembly ("memory-safe") {
            done := call(gas(), to, amount, 0, 0, 0, 0)
        }
    }
}
