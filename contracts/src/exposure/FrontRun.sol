// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {V2} from "../families/V2.sol";
import {V3} from "../families/V3.sol";
import {Purse} from "../libraries/Purse.sol";
import {Token} from "../libraries/Token.sol";
import {Step, StepLibrary as S} from "../types/Step.sol";
import {LocalChain} from "./LocalChain.sol";

/// @title Model of somebody who trades before a pending swap, to measure what that costs the swap
/// @notice Swaps what it holds, through the same code as the executor. For a fork of one's own: see `LocalChain`.
contract FrontRun is LocalChain, V2, V3 {
    using Token for address;

    error NotOwner(address caller);
    /// @dev A step of a kind that no router which is understood makes, or one with steps inside.
    error NotPlain(uint256 place);

    address private immutable owner;

    constructor(address weth_) {
        owner = msg.sender;
        weth = weth_;
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    /// @notice Swaps before the measured transaction.
    /// @param steps Packed as `Step.sol` describes; the first is paid from what lies here.
    /// @return got What the last step brought.
    function front(bytes calldata steps) external onLocalChain onlyOwner returns (uint256 got) {
        return _trade(steps);
    }

    function _trade(bytes calldata steps) internal returns (uint256 got) {
        bytes memory packed = steps;
        Step step = S.allocate();
        uint256 cursor;
        assembly ("memory-safe") {
            cursor := add(packed, 0x20)
        }
        uint256 end = cursor + packed.length;
        address token = weth;
        uint256 amount;
        bool first = true;
        while (cursor < end) {
            cursor = step.unpack(cursor, end, token, amount, weth);
            if (first) Purse.earn(step.tokenIn(), step.amountIn(), weth);
            (token, amount, first) = (step.tokenOut(), step.amountOut(), false);
            uint256 held = token.balanceOf(address(this));
            _swap(step);
            uint256 holds = token.balanceOf(address(this));
            got = holds < held ? 0 : holds - held;
            if (got < amount) revert InsufficientReceived(step.place(), step.kind(), amount, got);
        }
    }

    function _swap(Step step) private {
        if (step.has(S.INNER | S.FORWARD | S.PREPAID)) revert NotPlain(step.place());
        if (step.kind() == S.V2) _swapV2(step);
        else if (step.kind() == S.V3) _swapV3(step);
        else revert NotPlain(step.place());
    }

    /// @notice PancakeSwap v3's name of the callback.
    function pancakeV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external {
        _payPool(amount0Delta, amount1Delta, data);
    }

    /// @dev No step that gets here has any inside.
    function _run(uint256, uint256, address, uint256) internal pure override {
        revert NotPlain(0);
    }
}
