"""The dearest sandwich of a pending swap: a search over exact models, for measuring one's own exposure.

The sandwicher trades before the transaction in its direction, as much as its limits let through, and back behind it,
in one pool of its way.
"""

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.protocols.dex.intents import SwapIntent
from tallyio.protocols.dex.model import swap
from tallyio.strategies.pending import pool_of, run_intent

States = dict[Address, PoolState]
_LOOKS = 64
_NARROW = 3
_MOST = 1 << 128


class Sandwich(msgspec.Struct, frozen=True):
    """``front_in`` of ``token`` buys ``bought`` in ``pool``, which sold behind the transaction brings ``front_in`` and
    ``taken``. The swap in question moves ``left``. All 0 where none takes anything."""

    pool: Pool
    token: Address
    front_in: int = 0
    bought: int = 0
    taken: int = 0
    left: int = 0
    worth_wei: int = 0


def past(intent: SwapIntent, moved: int, limit: int) -> bool:
    return moved > limit if intent.exact_out else moved < limit


def run_all(view: MarketView, intents: tuple[SwapIntent, ...], states: States) -> list[int] | None:
    """What each swap moves behind what ``states`` tells, which takes what they move; ``None`` where one is past its
    limit. Raises ``ChainDataError`` where a pool cannot fill one."""
    moved = []
    for intent in intents:
        moved.append(run_intent(view, intent, states))
        if past(intent, moved[-1], intent.limit):
            return None
    return moved


def dearest(view: MarketView, intents: tuple[SwapIntent, ...], place: int) -> Sandwich:
    """Of all sandwiches of the transaction, in the pools of its swap number ``place``."""
    tried = [_largest(view, intents, place, pool_of(view, hop.protocol, hop.token_in, hop.token_out, hop.fee_pips),
                      hop.token_in) for hop in intents[place].hops]  # fmt: skip
    return max(tried, key=lambda each: each.worth_wei)


def _largest(view: MarketView, intents: tuple[SwapIntent, ...], place: int, pool: Pool, token: Address) -> Sandwich:
    """The best front of all that the limits let through."""

    def tried(front: int) -> Sandwich | None:
        return _around(view, intents, place, pool, token, front)

    most = 1
    while tried(most) is None:  # too little to be paid anything, or too much for the limit already
        most *= 2
        if most > _MOST:
            return Sandwich(pool, token)
    while most < _MOST and tried(most * 2) is not None:
        most *= 2
    step = most
    while step > 1:  # the last front that the limit lets through, to the unit
        step //= 2
        if tried(most + step) is not None:
            most += step
    places = sorted({max(1, most * i // _LOOKS) for i in range(1, _LOOKS + 1)})
    made = [(each, at) for at in places if (each := tried(at)) is not None]
    best = max(range(len(made)), key=lambda i: made[i][0].taken)
    low, high = made[max(best - 1, 0)][1], made[min(best + 1, len(made) - 1)][1]
    while high - low > _NARROW:
        third = (high - low) // 3
        a, b = tried(low + third), tried(high - third)
        if a is None or b is None or a.taken < b.taken:
            low += third
        else:
            high -= third
    near = [each for at in (*range(low, high + 1), made[best][1]) if (each := tried(at)) is not None]
    top = max(near, key=lambda each: each.taken)
    return top if top.taken > 0 else Sandwich(pool, token)


def _around(
    view: MarketView, intents: tuple[SwapIntent, ...], place: int, pool: Pool, token: Address, front: int
) -> Sandwich | None:
    """``front`` in, the transaction, and all of it back; ``None`` where any of them would revert."""
    other, now = pool.other(token), view.next_timestamp
    try:
        opened = swap(pool, view.states[pool.address], token, other, front, now)
        after: States = {pool.address: opened.state}
        moved = run_all(view, intents, after)
        if moved is None:
            return None
        closed = swap(pool, after[pool.address], other, token, opened.amount_out, now)
    except ChainDataError:
        return None
    taken = closed.amount_out - front
    return Sandwich(pool, token, front, opened.amount_out, taken, moved[place], _worth(view, token, taken))


def _worth(view: MarketView, token: Address, amount: int) -> int:
    """In wrapped ether, at the margin of the best pool that sells it for that."""
    if token == view.weth:
        return amount
    rates = [float(view.rates[edge]) for edge in view.graph.into_weth.get(token, ())]
    return int(amount * max(rates, default=0.0)) if amount > 0 else 0
