// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Executor} from "./Executor.sol";
import {IWETH} from "./interfaces/IWrappers.sol";
import {Purse} from "./libraries/Purse.sol";
import {Token} from "./libraries/Token.sol";

/// @title One leg of a trade whose other leg is on another chain: a thin entry of the executor
/// @notice What lies here of one token is traded for another, so the profit cannot be judged here: the owner says how
/// much may be spent and how much must come in. Everything else is the executor's, routes of the operator too.
/// @custom:security Only the owner may call `trade`. What lies here is spent on the owner's word alone, so a stolen
/// operator's key takes nothing from here either.
contract Leg is Executor {
    using Token for address;

    /// @dev More was spent, or less came in, than the owner said.
    error Overspent(address token, uint256 most, uint256 spent);
    error Short(address token, uint256 least, uint256 gained);

    event Traded(address indexed tokenIn, uint256 spent, address indexed tokenOut, uint256 gained, uint256 bid);

    constructor(address weth_, address operator_) Executor(weth_, operator_) {}

    /// @notice Spends at most `most` of what lies here of `tokenIn`, for at least `least` of `tokenOut`.
    /// @param tokenIn May be `tokenOut` as well: then `least` is what the run must add to it.
    /// @param bid WETH that is unwrapped and paid to `block.coinbase`, from what lies here.
    /// @param expiry The last timestamp at which the leg may be traded.
    /// @param steps As `Step.sol` packs them; the step before the first gives `most` of `tokenIn`.
    function trade(
        address tokenIn,
        uint256 most,
        address tokenOut,
        uint256 least,
        uint256 bid,
        uint256 expiry,
        bytes calldata steps
    ) external onlyOwner {
        if (_lock() != IDLE) revert Locked();
        if (tokenIn == address(0) || tokenOut == address(0)) revert ZeroAddress();
        if (block.timestamp > expiry) revert Expired(expiry, block.timestamp);
        _setLock(RUNNING);
        uint256 ether_ = address(this).balance;
        uint256[3] memory held = _holds(tokenIn, tokenOut);
        Purse.earn(tokenIn, most, weth);
        _runSteps(steps, tokenIn, most);
        uint256 left = address(this).balance;
        if (left < ether_) revert EtherSpent(ether_, left);
        if (left > ether_) IWETH(weth).deposit{value: left - ether_}();
        uint256[3] memory holds = _holds(tokenIn, tokenOut);

        uint256 spent = held[0] > holds[0] ? held[0] - holds[0] : 0;
        if (spent > most) revert Overspent(tokenIn, most, spent);
        uint256 gained = holds[1] > held[1] ? holds[1] - held[1] : 0;
        if (gained < least) revert Short(tokenOut, least, gained);
        if (tokenIn != weth && holds[2] < held[2]) revert Unprofitable(int256(holds[2]) - int256(held[2]), 0);
        if (bid != 0) {
            IWETH(weth).withdraw(bid);
            _sendEther(block.coinbase, bid);
        }
        emit Traded(tokenIn, spent, tokenOut, gained, bid);
        _setLock(DONE);
    }

    /// @dev Both tokens, and WETH.
    function _holds(address tokenIn, address tokenOut) private view returns (uint256[3] memory) {
        address self = address(this);
        return [tokenIn.balanceOf(self), tokenOut.balanceOf(self), weth.balanceOf(self)];
    }

    function _runSteps(bytes calldata steps, address token, uint256 amount) private {
        uint256 cursor;
        assembly ("memory-safe") {
            cursor := mload(0x40)
            calldatacopy(cursor, steps.offset, steps.length)
            mstore(0x40, and(add(add(cursor, steps.length), 0x3f), not(0x1f)))
        }
        _run(cursor, cursor + steps.length, token, amount);
    }
}
