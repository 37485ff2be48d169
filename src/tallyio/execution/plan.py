"""Routes to calldata for the executor contract, and back: whoever signs decodes what is signed.

The fee of a swap is not in the calldata (amounts are explicit), so decoded steps carry ``fee_pips == 0``, and the
family that stands for all that are called in the same way (``kinds.unpack_detail``).
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, Step, SwapStep
from tallyio.core.units import UINT256_MAX, Address
from tallyio.execution import kinds
from tallyio.execution import steps as codec
from tallyio.execution.steps import Given

EXECUTE_SELECTOR: Final = bytes.fromhex("61461954")
"""``execute()``; its arguments follow packed (contracts/src/Executor.sol)."""
_BLOCK, _PARENT, _EXPIRY = 1, 2, 4
_LOCKED: Final = {kinds.V2, kinds.V3}
"""Kinds whose pools do nothing else while a flash swap or a loan of theirs is open."""
_POOL_LOANS: Final = {"uniswap_v2", "uniswap_v3"}


class Guards(msgspec.Struct, frozen=True):
    """What a call is bound to beside its profit: a block's number, its parent's hash, a last timestamp (seconds)."""

    block: int | None = None
    parent: bytes | None = None
    expiry: int | None = None


NO_GUARDS: Final = Guards()


class ExecuteCall(msgspec.Struct, frozen=True):
    """What a call of ``execute`` does, read from its calldata."""

    route: Route
    min_profit_wei: int
    bid_wei: int
    guards: Guards = NO_GUARDS


def encode_route(route: Route, weth: Address | None = None) -> bytes:
    """The packed steps of ``route``; wrapped ether's address is left out where ``weth`` tells it.

    Raises ``BugError`` naming the step, what was found and what was expected.
    """
    if not route.inner:
        raise BugError("route has no inner steps, expected at least one: nothing would pay the debt")
    openers = (route.funding, *route.loans)
    count = len(openers) + len(route.inner) + len(route.outer)
    if count > 256:
        raise BugError(f"route has {count} steps, expected at most 256")
    _check_locks(route)
    given = [codec.nothing(weth)]
    for opener in openers:
        given.append(given[-1].after(opener))
    managers = _managers(openers)
    last = openers[-1]
    before = last if isinstance(last, SwapStep) and kinds.kind_of(last.family) != kinds.V2 else None
    packed = pack_steps(route.inner, len(openers), before, given[-1], managers)
    for place in reversed(range(len(openers))):
        opener = openers[place]
        if isinstance(opener, FlashLoan):
            packed = codec.pack_flash_loan(opener, place, given[place], packed)
        else:
            flags = codec.FORWARD if opener is before and codec.forwards(before, route.inner[0]) else 0
            packed = codec.pack_swap(opener, place, given[place], flags, packed)
    return packed + pack_steps(route.outer, len(openers) + len(route.inner), None, given[1], ())


def execute_calldata(
    route: Route, min_profit_wei: int, bid_wei: int, *, weth: Address | None = None, guards: Guards = NO_GUARDS
) -> bytes:
    """Calldata of ``execute``; the call reverts unless WETH grows by ``min_profit_wei + bid_wei``."""
    for name, value in (("min_profit_wei", min_profit_wei), ("bid_wei", bid_wei)):
        if not 0 <= value <= UINT256_MAX:
            raise BugError(f"{name} is {value}, expected 0 to 2**256 - 1")
    profit, bid = _shortest(min_profit_wei), _shortest(bid_wei)
    flags, bound = _pack_guards(guards)
    head = bytes((flags, len(profit), len(bid))) + profit + bid + bound
    return EXECUTE_SELECTOR + head + encode_route(route, weth)


def decode_route(packed: bytes, weth: Address | None = None) -> Route:
    """The route in ``packed``.

    Raises ``RefusedError`` unless the bytes are exactly what ``encode_route`` makes of it, so nothing can hide in
    flags, nesting or a tail.
    """
    openers: list[SwapStep | FlashLoan] = []
    given, inner, outer = codec.nothing(weth), packed, b""
    if not packed:
        raise RefusedError("steps are empty, expected a flash swap or a flash loan")
    while inner and (not openers or inner[0] == kinds.LOAN):
        step, nested, end = codec.unpack(inner, 0, len(openers), given)
        if nested is None or isinstance(step, LiquidateStep):
            raise RefusedError(f"step {len(openers)} is of kind {inner[0]}, expected a flash swap or a flash loan")
        if openers and end != len(inner):
            raise RefusedError(f"a loan nested in another ends at byte {end}, expected {len(inner)}")
        if not openers:
            outer = packed[end:]
        openers.append(step)
        given, inner = given.after(step), nested
    funding, loans = openers[0], tuple(step for step in openers[1:] if isinstance(step, FlashLoan))
    inner_steps = unpack_steps(inner, len(openers), given)
    after = codec.nothing(weth).after(funding)
    outer_steps = unpack_steps(outer, len(openers) + len(inner_steps), after)
    route = Route(funding=funding, inner=inner_steps, outer=outer_steps, loans=loans)
    try:
        again = encode_route(route, weth)
    except BugError as e:
        raise RefusedError(f"steps decode to a route that would not be encoded: {e.message}") from e
    if again != packed:
        at = next((i for i, (a, b) in enumerate(zip(again, packed, strict=False)) if a != b), len(again))
        raise RefusedError(f"steps differ at byte {at} from the encoding of the route they decode to")
    return route


def decode_execute(calldata: bytes, weth: Address | None = None) -> ExecuteCall:
    """What ``calldata`` would do. Raises ``RefusedError`` when it is not a canonical call of ``execute``."""
    if calldata[:4] != EXECUTE_SELECTOR:
        raise RefusedError(f"selector is 0x{calldata[:4].hex()}, expected 0x{EXECUTE_SELECTOR.hex()} (execute)")
    flags, profit_size, bid_size = (*calldata[4:7], 0, 0, 0)[:3]
    at = 7 + profit_size
    min_profit_wei, bid_wei = int.from_bytes(calldata[7:at]), int.from_bytes(calldata[at : at + bid_size])
    guards, at = _unpack_guards(calldata, flags, at + bid_size)
    if len(calldata) < at:
        raise RefusedError(f"the call's terms take {at} bytes, found {len(calldata)}")
    route = decode_route(calldata[at:], weth)
    found = ExecuteCall(route=route, min_profit_wei=min_profit_wei, bid_wei=bid_wei, guards=guards)
    try:
        again = execute_calldata(route, min_profit_wei, bid_wei, weth=weth, guards=guards)
    except BugError as e:
        raise RefusedError(f"the call's terms would not be encoded: {e.message}") from e
    if again != calldata:
        raise RefusedError("calldata is not in the canonical form of execute")
    return found


def _check_locks(route: Route) -> None:
    openers = (route.funding, *route.loans)
    for i, opener in enumerate(openers):
        if isinstance(opener, SwapStep):
            locked = opener.pool if kinds.kind_of(opener.family) in _LOCKED else None
        else:
            locked = opener.market if opener.source in _POOL_LOANS else None
        for place, step in enumerate((*openers[i + 1 :], *route.inner), i + 1):
            pool = step.pool if isinstance(step, SwapStep) else step.market
            if locked is not None and pool == locked:
                raise BugError(f"step {place} uses {pool}, which is locked while its flash swap or loan is open")
    managers = _managers(openers)
    if len(set(managers)) < len(managers):
        raise BugError("two steps that open a v4 manager are nested in each other, expected one")


def _managers(openers: Sequence[SwapStep | FlashLoan]) -> tuple[int, ...]:
    """Uniswap v4 managers that are unlocked while the inner steps run."""
    return tuple(
        opener.detail[0] if isinstance(opener, SwapStep) else int(opener.market, 16)
        for opener in openers
        if (
            kinds.kind_of(opener.family) == kinds.V4 and opener.detail
            if isinstance(opener, SwapStep)
            else opener.source == "uniswap_v4"
        )
    )


def pack_steps(
    steps: Sequence[Step], place: int, before: SwapStep | None, given: Given, managers: tuple[int, ...]
) -> bytes:
    """Steps that run one after another from ``place`` on; ``before`` is the one that may have forwarded to them, and
    ``managers`` are unlocked already."""
    packed = []
    previous: Step | None = before
    for i, step in enumerate(steps):
        if isinstance(step, LiquidateStep):
            packed.append(codec.pack_liquidation(step, place + i, given))
        else:
            flags = codec.PREPAID if codec.forwards(previous, step) else 0
            if i + 1 < len(steps) and codec.forwards(step, steps[i + 1]):
                flags |= codec.FORWARD
            if kinds.kind_of(step.family) == kinds.V4 and step.detail[:1] and step.detail[0] in managers:
                flags |= codec.OPEN
            packed.append(codec.pack_swap(step, place + i, given, flags))
        previous, given = step, given.after(step)
    return b"".join(packed)


def unpack_steps(packed: bytes, place: int, given: Given) -> tuple[Step, ...]:
    """Raises ``RefusedError`` for a flash step among them, and what ``steps.unpack`` raises."""
    found: list[Step] = []
    offset = 0
    while offset < len(packed):
        step, inner, offset = codec.unpack(packed, offset, place + len(found), given)
        if inner is not None or isinstance(step, FlashLoan):
            raise RefusedError(f"step {place + len(found)} is a flash step, expected only the first ones to be")
        found.append(step)
        given = given.after(step)
    return tuple(found)


def _shortest(value: int) -> bytes:
    return value.to_bytes(-(-value.bit_length() // 8))


def _pack_guards(guards: Guards) -> tuple[int, bytes]:
    flags, packed = 0, b""
    if guards.block is not None:
        flags, packed = flags | _BLOCK, packed + _bounded("block", guards.block, 4)
    if guards.parent is not None:
        if len(guards.parent) != 32:
            raise BugError(f"parent hash has {len(guards.parent)} bytes, expected 32")
        flags, packed = flags | _PARENT, packed + guards.parent
    if guards.expiry is not None:
        flags, packed = flags | _EXPIRY, packed + _bounded("expiry", guards.expiry, 5)
    return flags, packed


def _unpack_guards(calldata: bytes, flags: int, at: int) -> tuple[Guards, int]:
    sizes = [(_BLOCK, 4), (_PARENT, 32), (_EXPIRY, 5)]
    found: list[bytes | None] = []
    for flag, size in sizes:
        found.append(calldata[at : at + size] if flags & flag else None)
        at += size if flags & flag else 0
    block, parent, expiry = found
    number = [None if raw is None else int.from_bytes(raw) for raw in (block, expiry)]
    return Guards(number[0], parent, number[1]), at


def _bounded(name: str, value: int, size: int) -> bytes:
    if not 0 <= value < 1 << 8 * size:
        raise BugError(f"{name} is {value}, expected 0 to 2**{8 * size} - 1")
    return value.to_bytes(size)
