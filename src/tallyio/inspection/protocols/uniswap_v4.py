"""Uniswap v4: one contract holds all pools, known by id; swaps move no token until all is settled."""

from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.inspection.abi import account, selector, signed, topic, word
from tallyio.inspection.activity import NATIVE, Action, Swap, Unread
from tallyio.inspection.calls import Call
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading

NAME = "uniswap_v4"
KEY = "(address,address,uint24,int24,address)"


def _currency(value: Address) -> Address:
    return NATIVE if value == ZERO_ADDRESS else value


def _half(value: int, high: bool) -> int:
    part = value >> 128 if high else value & (2**128 - 1)
    return part - 2**128 if part >> 127 else part


def swap_call(call: Call, reading: Reading) -> list[Action]:
    """``swap(key, (zeroForOne, amountSpecified, sqrtPriceLimitX96), hookData)`` returns both deltas, the caller's."""
    if len(call.output) != 32:
        return []
    tokens = (_currency(account(call.arguments, 0)), _currency(account(call.arguments, 1)))
    delta = word(call.output, 0)
    return _swap(
        call.order, call.place, call.to, call.sender, tokens, (_half(delta, True), _half(delta, False)), call.failed
    )


def swap_event(event: Event, reading: Reading) -> list[Action]:
    """``Swap(id, sender, amount0, amount1, ...)``, deltas of the caller. The tokens by transfers of just the amounts.

    What a path passes on inside is never transferred: such a swap's tokens stay unknown here.
    """
    deltas = (signed(event.data, 0), signed(event.data, 1))
    moved = [
        reading.exact(-d, event.order, to=event.address) if d < 0 else reading.exact(d, event.order, by=event.address)
        for d in deltas
    ]
    if moved[0] is None or moved[1] is None or _rank(moved[0].token) >= _rank(moved[1].token):
        return [Unread(event.place, NAME, event.address, "token unknown")]
    caller = Address("0x" + event.topics[2][-40:])
    return _swap(event.order, event.place, event.address, caller, (moved[0].token, moved[1].token), deltas, False)


def _rank(token: Address) -> Address:
    return ZERO_ADDRESS if token == NATIVE else token


def _swap(
    order: int,
    place: tuple[int, ...],
    pool: Address,
    caller: Address,
    tokens: tuple[Address, Address],
    deltas: tuple[int, int],
    reverted: bool,
) -> list[Action]:
    if not min(deltas) < 0 < max(deltas):
        return [Unread(place, NAME, pool, "not an exchange")]
    side = deltas.index(min(deltas))
    paid = -deltas[side]
    return [
        Swap(
            order,
            place,
            NAME,
            pool,
            caller,
            caller,
            tokens[side],
            paid,
            tokens[1 - side],
            deltas[1 - side],
            paid,
            reverted,
        )
    ]


CALLS: dict[bytes, CallReader] = {selector(f"swap({KEY},(bool,int256,uint160),bytes)"): swap_call}
EVENTS: dict[str, EventReader] = {topic("Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)"): swap_event}
