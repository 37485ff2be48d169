"""The router calls that are known: the one place where they are declared, each by its signature.

Contracts: Uniswap v2 ``Router02`` and its forks (PancakeSwap, SushiSwap, ...), v3 ``SwapRouter``, ``SwapRouter02``,
``UniversalRouter``. Selectors are computed from the signatures (Solidity ABI: the first four bytes of their keccak).
"""

from enum import IntEnum, IntFlag
from typing import NamedTuple

import numpy as np
from Crypto.Hash import keccak
from numpy.typing import NDArray


class Kind(IntFlag):
    """Routers, as bits of a mask: which contracts have a function."""

    V2 = 1
    V3 = 2
    V3_02 = 4
    UNIVERSAL = 8
    ANY = 15


class Action(IntEnum):
    V2 = 1
    V3_SINGLE = 2
    V3_PATH = 3
    MULTICALL = 4
    PLAN = 5
    UNWRAP = 6
    """Asks for a least amount of the wrapped coin: one more condition on the swap that yields it."""
    CONDITION = 7
    """Moves no pool, but may revert the call."""
    HARMLESS = 8
    """Moves the caller's tokens and permissions, never a pool."""


EXACT_OUT = 1 << 12
PAYS_VALUE = 1 << 13
TIMED = 1 << 14
"""Has a deadline among its arguments."""
TAKES_FEE = 1 << 15
"""For tokens that take a fee on transfer."""
LEADING_WORD = 1 << 24
"""A multicall with one word before the calls."""
_KIND_SHIFT = 8
_NUMBER_SHIFT = 16


class Call(NamedTuple):
    """One function. The flags say where the arguments lie (see ``swaps``)."""

    signature: str
    action: Action
    kinds: Kind
    flags: int = 0

    @property
    def selector(self) -> int:
        return int.from_bytes(keccak.new(digest_bits=256, data=self.signature.encode()).digest()[:4])


_PATH = "uint256,uint256,address[],address"
_VALUE_PATH = "uint256,address[],address,uint256"
_SINGLE = "(address,address,uint24,address,uint256,uint256,uint256,uint160)"
_SINGLE_02 = "(address,address,uint24,address,uint256,uint256,uint160)"
_MULTI = "(bytes,address,uint256,uint256,uint256)"
_MULTI_02 = "(bytes,address,uint256,uint256)"
_FEE = "SupportingFeeOnTransferTokens"
_PERIPHERY = Kind.V3 | Kind.V3_02

CALLS = (
    Call(f"swapExactTokensForTokens({_PATH},uint256)", Action.V2, Kind.V2, TIMED),
    Call(f"swapExactTokensForTokens{_FEE}({_PATH},uint256)", Action.V2, Kind.V2, TIMED | TAKES_FEE),
    Call(f"swapExactTokensForETH({_PATH},uint256)", Action.V2, Kind.V2, TIMED),
    Call(f"swapExactTokensForETH{_FEE}({_PATH},uint256)", Action.V2, Kind.V2, TIMED | TAKES_FEE),
    Call(f"swapExactETHForTokens({_VALUE_PATH})", Action.V2, Kind.V2, TIMED | PAYS_VALUE),
    Call(f"swapExactETHForTokens{_FEE}({_VALUE_PATH})", Action.V2, Kind.V2, TIMED | PAYS_VALUE | TAKES_FEE),
    Call(f"swapTokensForExactTokens({_PATH},uint256)", Action.V2, Kind.V2, TIMED | EXACT_OUT),
    Call(f"swapTokensForExactETH({_PATH},uint256)", Action.V2, Kind.V2, TIMED | EXACT_OUT),
    Call(f"swapETHForExactTokens({_VALUE_PATH})", Action.V2, Kind.V2, TIMED | PAYS_VALUE | EXACT_OUT),
    Call(f"exactInputSingle({_SINGLE})", Action.V3_SINGLE, Kind.V3, TIMED),
    Call(f"exactOutputSingle({_SINGLE})", Action.V3_SINGLE, Kind.V3, TIMED | EXACT_OUT),
    Call(f"exactInput({_MULTI})", Action.V3_PATH, Kind.V3, TIMED),
    Call(f"exactOutput({_MULTI})", Action.V3_PATH, Kind.V3, TIMED | EXACT_OUT),
    Call(f"swapExactTokensForTokens({_PATH})", Action.V2, Kind.V3_02),
    Call(f"swapTokensForExactTokens({_PATH})", Action.V2, Kind.V3_02, EXACT_OUT),
    Call(f"exactInputSingle({_SINGLE_02})", Action.V3_SINGLE, Kind.V3_02),
    Call(f"exactOutputSingle({_SINGLE_02})", Action.V3_SINGLE, Kind.V3_02, EXACT_OUT),
    Call(f"exactInput({_MULTI_02})", Action.V3_PATH, Kind.V3_02),
    Call(f"exactOutput({_MULTI_02})", Action.V3_PATH, Kind.V3_02, EXACT_OUT),
    Call("multicall(bytes[])", Action.MULTICALL, _PERIPHERY),
    Call("multicall(uint256,bytes[])", Action.MULTICALL, Kind.V3_02, LEADING_WORD | TIMED),
    Call("multicall(bytes32,bytes[])", Action.MULTICALL, Kind.V3_02, LEADING_WORD),
    Call("execute(bytes,bytes[])", Action.PLAN, Kind.UNIVERSAL),
    Call("execute(bytes,bytes[],uint256)", Action.PLAN, Kind.UNIVERSAL, TIMED),
    Call("unwrapWETH9(uint256,address)", Action.UNWRAP, _PERIPHERY),
    Call("unwrapWETH9(uint256)", Action.UNWRAP, Kind.V3_02),
    Call("sweepToken(address,uint256,address)", Action.CONDITION, _PERIPHERY),
    Call("sweepToken(address,uint256)", Action.CONDITION, Kind.V3_02),
    Call("unwrapWETH9WithFee(uint256,address,uint256,address)", Action.CONDITION, _PERIPHERY),
    Call("sweepTokenWithFee(address,uint256,address,uint256,address)", Action.CONDITION, _PERIPHERY),
    Call("refundETH()", Action.HARMLESS, _PERIPHERY),
    Call("wrapETH(uint256)", Action.HARMLESS, Kind.V3_02),
    Call("pull(address,uint256)", Action.HARMLESS, Kind.V3_02),
    Call("selfPermit(address,uint256,uint256,uint8,bytes32,bytes32)", Action.HARMLESS, _PERIPHERY),
    Call("selfPermitIfNecessary(address,uint256,uint256,uint8,bytes32,bytes32)", Action.HARMLESS, _PERIPHERY),
    Call("selfPermitAllowed(address,uint256,uint256,uint8,bytes32,bytes32)", Action.HARMLESS, _PERIPHERY),
    Call("selfPermitAllowedIfNecessary(address,uint256,uint256,uint8,bytes32,bytes32)", Action.HARMLESS, _PERIPHERY),
)

TABLE_BITS = 8
_KNOWN = 1 << 32
"""Set in every occupied key, so that the selector 0 is no empty slot."""


def descriptor(number: int, call: Call) -> int:
    """A call in one word: action in bits 0 to 7, router kinds in 8 to 11, flags, 1 + its number in 16 to 23."""
    return call.action | call.kinds << _KIND_SHIFT | (number + 1) << _NUMBER_SHIFT | call.flags


def table(calls: tuple[Call, ...] = CALLS) -> NDArray[np.uint64]:
    """A hash of ``calls`` by selector without a collision: the multiplier, then key and descriptor of each slot.

    Raises ``ValueError`` where two calls share a selector, or are too many for the slots.
    """
    selectors = [call.selector for call in calls]
    if len(set(selectors)) != len(calls):
        raise ValueError("two router calls share a selector")
    multiplier = 0x9E3779B97F4A7C15
    for _ in range(100_000):
        slots = [(s * multiplier & 2**64 - 1) >> 64 - TABLE_BITS for s in selectors]
        if len(set(slots)) == len(slots):
            break
        multiplier = (multiplier * 6364136223846793005 + 1442695040888963407) & 2**64 - 1 | 1
    else:
        raise ValueError(f"no collision-free hash of {len(calls)} calls into {1 << TABLE_BITS} slots was found")
    words = np.zeros(1 + (2 << TABLE_BITS), np.uint64)
    words[0] = multiplier
    for number, (call, slot) in enumerate(zip(calls, slots, strict=True)):
        words[1 + 2 * slot] = selectors[number] | _KNOWN
        words[2 + 2 * slot] = descriptor(number, call)
    return words
