"""What a sandwicher could take from a pending swap, and the limit that stops it.

It looks at a transaction that the user is about to send, on a chain of nobody's money. All amounts are exact on the
pools as they stand; gas is the sandwicher's only cost.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from tallyio.core.errors import ChainDataError, RefusedError
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.protocols.dex.intents import SwapIntent
from tallyio.protocols.dex.model import swap
from tallyio.reports.sandwich_search import Sandwich, States, dearest, past, run_all
from tallyio.strategies.base import GasModel, swap_step
from tallyio.strategies.pending import pool_of, run_intent

LOCAL_CHAINS = frozenset({1337, 31337})
"""Chain ids of nobody's money (geth's and anvil's development chains); contracts/src/exposure has the same."""


class Exposure(msgspec.Struct, frozen=True):
    """The dearest sandwich of one swap.

    ``front_in`` of ``token`` goes into ``pool`` before the transaction and ``taken`` more than that comes back behind
    it, worth ``worth_wei`` (0 where nothing sells it for wrapped ether) against ``gas_wei``. The swap moves ``quoted``
    alone, ``left`` inside the sandwich, and its sender signed ``limit``. At ``stopping_limit`` no sandwich pays its
    gas. Behind a copy of itself it moves ``behind_copy``, ``None`` where that is past a limit. An exact output's
    figures are inputs: the most that is paid.
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
    behind_copy: int | None

    @property
    def exposed(self) -> bool:
        return self.worth_wei > self.gas_wei


class Measure(Protocol):
    """Carries out what the models tell. Raises ``ChainDataError`` where the contracts do otherwise."""

    def alone(self, intents: tuple[SwapIntent, ...], quotes: Sequence[int]) -> None:
        """Just the transaction."""
        ...

    def sandwich(self, intents: tuple[SwapIntent, ...], place: int, told: Sandwich) -> int:
        """Gas that its two transactions use."""
        ...

    def front_run(
        self, intents: tuple[SwapIntent, ...], place: int, steps: Sequence[SwapStep], left: int | None
    ) -> None:
        """``steps`` before the transaction, whose swap ``place`` then moves ``left``; ``None``: it reverts."""
        ...


class Modelled:
    """Takes the models' word, and gas from the gas model."""

    def alone(self, intents: tuple[SwapIntent, ...], quotes: Sequence[int]) -> None: ...

    def sandwich(self, intents: tuple[SwapIntent, ...], place: int, told: Sandwich) -> int:
        return 2 * GasModel().swaps([told.pool.family])

    def front_run(
        self, intents: tuple[SwapIntent, ...], place: int, steps: Sequence[SwapStep], left: int | None
    ) -> None: ...


def require_local(chain_id: int) -> None:
    """Raises ``RefusedError`` for a chain that other people use."""
    if chain_id not in LOCAL_CHAINS:
        raise RefusedError(
            f"exposure is measured on a local chain alone ({', '.join(map(str, sorted(LOCAL_CHAINS)))}), "
            f"this configuration is for chain id {chain_id}",
            todo="Fork the chain with anvil --chain-id 31337 and point the configuration there",
        )


def exposures(intents: tuple[SwapIntent, ...], view: MarketView, measure: Measure | None = None) -> list[Exposure]:
    """One for each swap of a transaction, in order.

    Raises ``ChainDataError`` where a swap would revert on ``view`` as it is, its effect cannot be told, or ``measure``
    finds another.
    """
    states: States = {}
    quotes = []
    for intent in intents:
        if intent.deadline is not None and view.next_timestamp > intent.deadline:
            raise ChainDataError(f"the deadline {intent.deadline} is before the next block's {view.next_timestamp}")
        quotes.append(quoted := run_intent(view, intent, states))
        if past(intent, quoted, intent.limit):
            raise ChainDataError(f"the swap would move {quoted}, past its limit of {intent.limit}")
    by = measure or Modelled()
    by.alone(intents, quotes)
    return [_exposure(view, intents, place, quoted, by) for place, quoted in enumerate(quotes)]


def _exposure(view: MarketView, intents: tuple[SwapIntent, ...], place: int, quoted: int, by: Measure) -> Exposure:
    intent = intents[place]

    def within(limit: int) -> Sandwich:
        changed = (*intents[:place], msgspec.structs.replace(intent, limit=limit), *intents[place + 1 :])
        return dearest(view, changed, place)

    def gas_of(each: Sandwich) -> int:
        return by.sandwich(intents, place, each) * view.next_base_fee_wei

    worst = dearest(view, intents, place)
    least = gas_wei = gas_of(worst)
    stopping = _stopping(intent.limit, quoted, least, within)
    while stopping != quoted and (smaller := within(stopping)).front_in:
        if smaller.worth_wei <= (used := gas_of(smaller)):
            break
        least = used  # a smaller sandwich crosses fewer ticks
        stopping = _stopping(stopping, quoted, least, within)
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
        stopping_limit=stopping,
        behind_copy=_behind_copy(view, intents, place, by),
    )


def _stopping(limit: int, quoted: int, gas_wei: int, within: Callable[[int], Sandwich]) -> int:
    """The limit nearest to ``limit`` that lets no sandwich through that is worth more; ``quoted`` leaves nothing."""

    def stops(limit: int) -> bool:
        return within(limit).worth_wei <= gas_wei

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


def _behind_copy(view: MarketView, intents: tuple[SwapIntent, ...], place: int, by: Measure) -> int | None:
    states: States = {}
    try:
        steps = _copy(view, intents[place], states)
    except ChainDataError:
        return None  # the pools do not fill it twice
    try:
        moved = run_all(view, intents, states)
    except ChainDataError:
        moved = None
    left = None if moved is None else moved[place]
    by.front_run(intents, place, steps, left)
    return left


def _copy(view: MarketView, intent: SwapIntent, states: States) -> list[SwapStep]:
    """The same swap by somebody else, first, whole; ``states`` takes what it moves."""
    amount, steps = intent.amount, []
    for hop in reversed(intent.hops) if intent.exact_out else intent.hops:
        pool = pool_of(view, hop.protocol, hop.token_in, hop.token_out, hop.fee_pips)
        state = states.get(pool.address) or view.states[pool.address]
        ends = hop.token_in, hop.token_out
        done = swap(pool, state, *ends, amount, view.next_timestamp, exact_out=intent.exact_out)
        states[pool.address] = done.state
        steps.append(swap_step(pool, *ends, done.amount_in, done.amount_out, exact_out=intent.exact_out))
        amount = done.amount_in if intent.exact_out else done.amount_out
    return steps[::-1] if intent.exact_out else steps
