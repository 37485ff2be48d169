"""One leg of a trade whose other leg is on another chain, as calldata for ``Leg.trade`` (contracts/src/Leg.sol).

The contract spends what lies there of one token, on the owner's word alone, for no less of another than the owner says.
"""

from typing import Final

import msgspec

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.trade import Step
from tallyio.core.units import UINT256_MAX, Address
from tallyio.execution import plan
from tallyio.execution.steps import Given

TRADE_SELECTOR: Final = bytes.fromhex("4753d289")
"""``trade(address,uint256,address,uint256,uint256,uint256,bytes)``"""
_WORDS: Final = 7


class LegTrade(msgspec.Struct, frozen=True):
    """At most ``most`` of ``token_in`` for at least ``least`` of ``token_out``, amounts in the tokens' smallest units.

    The two tokens may be one: ``least`` is then what it must grow by. ``bid_wei`` is paid to the proposer from the WETH
    that lies there; ``expiry`` is the last timestamp (unix seconds).
    """

    steps: tuple[Step, ...]
    token_in: Address
    most: int
    token_out: Address
    least: int
    expiry: int
    bid_wei: int = 0


def trade_calldata(leg: LegTrade, *, weth: Address | None = None) -> bytes:
    """Raises ``BugError`` for a leg without steps, and for an amount that is no unsigned word."""
    if not leg.steps:
        raise BugError("the leg has no steps, expected at least one")
    if len(leg.steps) > 256:
        raise BugError(f"the leg has {len(leg.steps)} steps, expected at most 256")
    packed = plan.pack_steps(leg.steps, 0, None, Given(leg.token_in, leg.most, weth), ())
    numbers = (int(leg.token_in, 16), leg.most, int(leg.token_out, 16), leg.least, leg.bid_wei, leg.expiry)
    for name, value in zip(("token_in", "most", "token_out", "least", "bid_wei", "expiry"), numbers, strict=True):
        if not 0 <= value <= UINT256_MAX:
            raise BugError(f"{name} is {value}, expected 0 to 2**256 - 1")
    words = (*numbers, 32 * _WORDS, len(packed))
    return TRADE_SELECTOR + b"".join(word.to_bytes(32) for word in words) + packed + bytes(-len(packed) % 32)


def decode_trade(calldata: bytes, *, weth: Address | None = None) -> LegTrade:
    """What ``calldata`` would do. Raises ``RefusedError`` unless it is exactly what ``trade_calldata`` makes of it."""
    if calldata[:4] != TRADE_SELECTOR:
        raise RefusedError(f"selector is 0x{calldata[:4].hex()}, expected 0x{TRADE_SELECTOR.hex()} (trade)")
    words = [int.from_bytes(calldata[at : at + 32]) for at in range(4, 4 + 32 * (_WORDS + 1), 32)]
    token_in, most, token_out, least, bid, expiry, _, size = words
    start = 4 + 32 * (_WORDS + 1)
    if max(token_in, token_out) >> 160 or size > len(calldata) - start:
        raise RefusedError("a token is no address, or the steps reach beyond the call")
    given = Given(_address(token_in), most, weth)
    found = plan.unpack_steps(calldata[start : start + size], 0, given)
    leg = LegTrade(found, _address(token_in), most, _address(token_out), least, expiry, bid)
    try:
        again = trade_calldata(leg, weth=weth)
    except BugError as e:
        raise RefusedError(f"the call would not be encoded: {e.message}") from e
    if again != calldata:
        raise RefusedError("calldata is not in the canonical form of trade")
    return leg


def _address(value: int) -> Address:
    return Address(f"0x{value:040x}")
