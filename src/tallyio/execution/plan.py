"""Routes to calldata for the executor contract, and back: whoever signs decodes what is signed.

The fee of a swap is not in the calldata (amounts are explicit), so decoded steps carry ``fee_pips == 0``.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.pools import V3
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, Step, SwapStep
from tallyio.core.units import UINT256_MAX
from tallyio.execution import steps as codec

EXECUTE_SELECTOR: Final = bytes.fromhex("701c8938")
"""``execute(bytes,uint256,uint256)``"""


class ExecuteCall(msgspec.Struct, frozen=True):
    """What a call of ``execute`` does, read from its calldata."""

    route: Route
    min_profit_wei: int
    bid_wei: int


def encode_route(route: Route) -> bytes:
    """The packed steps of ``route``. Raises ``BugError`` naming the step, what was found and what was expected."""
    if not route.inner:
        raise BugError("route has no inner steps, expected at least one: nothing would pay the debt")
    count = 1 + len(route.inner) + len(route.outer)
    if count > 256:
        raise BugError(f"route has {count} steps, expected at most 256")
    funding = route.funding
    if isinstance(funding, FlashLoan):
        packed = codec.pack_flash_loan(funding, 0, _pack(route.inner, 1, None))
    else:
        for place, step in enumerate(route.inner, 1):
            if isinstance(step, SwapStep) and step.pool == funding.pool:
                raise BugError(f"step {place} swaps on {step.pool}, which is locked while its flash swap is open")
        opener = funding if funding.family == V3 else None
        flags = codec.FORWARD if codec.forwards(opener, route.inner[0]) else 0
        packed = codec.pack_swap(funding, 0, flags, _pack(route.inner, 1, opener))
    return packed + _pack(route.outer, 1 + len(route.inner), None)


def execute_calldata(route: Route, min_profit_wei: int, bid_wei: int) -> bytes:
    """Calldata of ``execute``; the call reverts unless WETH grows by ``min_profit_wei + bid_wei``."""
    for name, value in (("min_profit_wei", min_profit_wei), ("bid_wei", bid_wei)):
        if not 0 <= value <= UINT256_MAX:
            raise BugError(f"{name} is {value}, expected 0 to 2**256 - 1")
    packed = encode_route(route)
    words = b"".join(n.to_bytes(32) for n in (0x60, min_profit_wei, bid_wei, len(packed)))
    return EXECUTE_SELECTOR + words + packed + bytes(-len(packed) % 32)


def decode_route(packed: bytes) -> Route:
    """The route in ``packed``.

    Raises ``RefusedError`` unless the bytes are exactly what ``encode_route`` makes of it, so nothing can hide in
    flags, nesting or a tail.
    """
    funding, inner, end = _first(packed)
    inner_steps = _unpack(inner, 1)
    route = Route(funding=funding, inner=inner_steps, outer=_unpack(packed[end:], 1 + len(inner_steps)))
    try:
        again = encode_route(route)
    except BugError as e:
        raise RefusedError(f"steps decode to a route that would not be encoded: {e.message}") from e
    if again != packed:
        at = next((i for i, (a, b) in enumerate(zip(again, packed, strict=False)) if a != b), len(again))
        raise RefusedError(f"steps differ at byte {at} from the encoding of the route they decode to")
    return route


def decode_execute(calldata: bytes) -> ExecuteCall:
    """What ``calldata`` would do. Raises ``RefusedError`` when it is not a canonical call of ``execute``."""
    if calldata[:4] != EXECUTE_SELECTOR:
        raise RefusedError(f"selector is 0x{calldata[:4].hex()}, expected 0x{EXECUTE_SELECTOR.hex()} (execute)")
    min_profit_wei, bid_wei, length = (int.from_bytes(calldata[i : i + 32]) for i in (36, 68, 100))
    if len(calldata) < 132 + length:
        raise RefusedError(f"steps take {length} bytes, found {max(0, len(calldata) - 132)}")
    route = decode_route(calldata[132 : 132 + length])
    if execute_calldata(route, min_profit_wei, bid_wei) != calldata:
        raise RefusedError("calldata is not in the canonical ABI form of execute")
    return ExecuteCall(route=route, min_profit_wei=min_profit_wei, bid_wei=bid_wei)


def _pack(steps: Sequence[Step], place: int, before: SwapStep | None) -> bytes:
    packed = []
    previous: Step | None = before
    for i, step in enumerate(steps):
        if isinstance(step, LiquidateStep):
            packed.append(codec.pack_liquidation(step, place + i))
        else:
            flags = codec.PREPAID if codec.forwards(previous, step) else 0
            if i + 1 < len(steps) and codec.forwards(step, steps[i + 1]):
                flags |= codec.FORWARD
            packed.append(codec.pack_swap(step, place + i, flags))
        previous = step
    return b"".join(packed)


def _first(packed: bytes) -> tuple[SwapStep | FlashLoan, bytes, int]:
    if not packed:
        raise RefusedError("steps are empty, expected a flash swap or a flash loan")
    funding, inner, end = codec.unpack(packed, 0, 0)
    if inner is None or isinstance(funding, LiquidateStep):
        raise RefusedError(f"step 0 is of kind {packed[0] & 15}, expected a flash swap or a flash loan")
    return funding, inner, end


def _unpack(packed: bytes, place: int) -> tuple[Step, ...]:
    found: list[Step] = []
    offset = 0
    while offset < len(packed):
        step, inner, offset = codec.unpack(packed, offset, place + len(found))
        if inner is not None or isinstance(step, FlashLoan):
            raise RefusedError(f"step {place + len(found)} is a flash step, expected only the first to be one")
        found.append(step)
    return tuple(found)
