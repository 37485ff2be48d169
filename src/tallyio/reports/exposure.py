"""What a sandwicher could take from a pending swap, and the limit that stops it.

A model to measure with: it looks at a transaction that the user is about to send. The sandwicher trades before it in
its direction, as much as the swap's own limit lets through, and back behind it, in one pool of its way. All amounts
are exact on the pools as they stand; gas is the sandwicher's only cost.
"""

from collections.abc import Callable

import msgspec

from tallyio.core.chain import PendingTransaction
from tallyio.core.errors import ChainDataError, RefusedError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.protocols.dex.intents import SwapIntent
from tallyio.protocols.dex.model import swap
from tallyio.strategies.base import GasModel
from tallyio.strategies.pending import pool_of, run_intent

LOCAL_CHAINS = frozenset({1337, 31337})
"""Chain ids of nobody's money (geth's and anvil's development chains)."""
_LOOKS = 64
_NARROW = 3
_MOST = 1 << 128


class Exposure(msgspec.Struct, frozen=True):
    """The dearest sandwich of one swap.

    ``front_in`` of ``token`` goes into ``pool`` before the swap and ``taken`` more than that comes back behind it,
    worth ``worth_wei`` (0 where nothing sells it for wrapped ether) against ``gas_wei``. The swap moves ``quoted``
    alone, ``left`` inside the sandwich, and its sender signed ``limit``. At ``stopping_limit`` no sandwich pays its
    gas. An exact output's figures are inputs: the most that is paid.
    """

    exact_out: bool
    pool: Address
    token: Address
    front_in: int
    taken: int
    worth_wei: int
    gas_wei: int
    quoted: int
    left: int
    limit: int
    stopping_limit: int

    @property
    def exposed(self) -> bool:
        return self.worth_wei > self.gas_wei


class _Sandwich(msgspec.Struct, frozen=True):
    pool: Pool
    token: Address
    front_in: int
    taken: int
    left: int
    worth_wei: int


def require_local(chain_id: int) -> None:
    """Raises ``RefusedError`` for a chain that other people use."""
    if chain_id not in LOCAL_CHAINS:
        raise RefusedError(
            f"exposure is measured on a local chain alone ({', '.join(map(str, sorted(LOCAL_CHAINS)))}), "
            f"this configuration is for chain id {chain_id}",
            todo="Fork the chain with anvil --chain-id 31337 and point the configuration there",
        )


def exposures(transaction: PendingTransaction, intents: tuple[SwapIntent, ...], view: MarketView) -> list[Exposure]:
    """One for each swap that ``transaction`` asks for, in order.

    Raises ``ChainDataError`` where a swap would revert on ``view`` as it is, or its effect cannot be told.
    """
    states: dict[Address, PoolState] = {}
    found = []
    for intent in intents:
        if intent.deadline is not None and view.next_timestamp > intent.deadline:
            raise ChainDataError(f"the deadline {intent.deadline} is before the next block's {view.next_timestamp}")
        found.append(_exposure(view, intent, dict(states)))
        run_intent(view, intent, states)
    return found


def _exposure(view: MarketView, intent: SwapIntent, states: dict[Address, PoolState]) -> Exposure:
    quoted = run_intent(view, intent, dict(states))
    if _past(intent, quoted, intent.limit):
        raise ChainDataError(f"the swap would move {quoted}, past its limit of {intent.limit}")
    pools = [pool_of(view, hop.protocol, hop.token_in, hop.token_out, hop.fee_pips) for hop in intent.hops]

    def dearest(limit: int) -> _Sandwich:
        tried = [
            _largest(view, intent, states, pool, hop.token_in, limit)
            for pool, hop in zip(pools, intent.hops, strict=True)
        ]
        return max(tried, key=lambda each: each.worth_wei)

    worst = dearest(intent.limit)
    gas_wei = 2 * GasModel().swaps([worst.pool.family]) * view.next_base_fee_wei
    return Exposure(
        exact_out=intent.exact_out,
        pool=worst.pool.address,
        token=worst.token,
        front_in=worst.front_in,
        taken=worst.taken,
        worth_wei=worst.worth_wei,
        gas_wei=gas_wei,
        quoted=quoted,
        left=worst.left if worst.front_in else quoted,
        limit=intent.limit,
        stopping_limit=_stopping(intent.limit, quoted, lambda limit: dearest(limit).worth_wei <= gas_wei),
    )


def _stopping(limit: int, quoted: int, stops: Callable[[int], bool]) -> int:
    """The limit nearest to ``limit`` that stops it; ``quoted`` leaves nothing to take."""
    if stops(limit):
        return limit
    loose, tight = limit, quoted
    while abs(tight - loose) > 1:
        middle = (tight + loose) // 2
        if stops(middle):
            tight = middle
        else:
            loose = middle
    return tight


def _past(intent: SwapIntent, moved: int, limit: int) -> bool:
    return moved > limit if intent.exact_out else moved < limit


def _largest(
    view: MarketView, intent: SwapIntent, states: dict[Address, PoolState], pool: Pool, token: Address, limit: int
) -> _Sandwich:
    """The best front of all that ``limit`` lets through."""

    def tried(front: int) -> _Sandwich | None:
        return _around(view, intent, states, pool, token, limit, front)

    most = 1
    while tried(most) is None:  # too little to be paid anything, or too much for the limit already
        most *= 2
        if most > _MOST:
            return _Sandwich(pool, token, 0, 0, 0, 0)
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
    return top if top.taken > 0 else _Sandwich(pool, token, 0, 0, 0, 0)


def _around(
    view: MarketView,
    intent: SwapIntent,
    states: dict[Address, PoolState],
    pool: Pool,
    token: Address,
    limit: int,
    front: int,
) -> _Sandwich | None:
    """``front`` in, the swap, and all of it back; ``None`` where any of them would revert."""
    after = dict(states)
    try:
        state, other, now = after.get(pool.address) or view.states[pool.address], pool.other(token), view.next_timestamp
        opened = swap(pool, state, token, other, front, now)
        after[pool.address] = opened.state
        left = run_intent(view, intent, after)
        if _past(intent, left, limit):
            return None
        closed = swap(pool, after[pool.address], other, token, opened.amount_out, now)
    except ChainDataError:
        return None
    taken = closed.amount_out - front
    return _Sandwich(pool, token, front, taken, left, _worth(view, token, taken))


def _worth(view: MarketView, token: Address, amount: int) -> int:
    """In wrapped ether, at the margin of the best pool that sells it for that."""
    if token == view.weth:
        return amount
    rates = [float(view.rates[edge]) for edge in view.graph.into_weth.get(token, ())]
    return int(amount * max(rates, default=0.0)) if amount > 0 else 0
