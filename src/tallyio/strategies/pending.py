"""What a pending transaction would do to the pools, exactly."""

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, Pool, PoolState, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm import v3
from tallyio.market.view import MarketView
from tallyio.protocols.dex.family import SwapResult
from tallyio.protocols.dex.intents import SwapIntent
from tallyio.protocols.dex.model import swap


def states_after(view: MarketView, intents: tuple[SwapIntent, ...]) -> dict[Address, PoolState]:
    """The pools that the swaps change, each as they leave it.

    Raises ``ChainDataError`` when the transaction would revert at the top of the view's next block (deadline, limits,
    liquidity), or when a pool on its way is not known or takes a fee on transfer: then its effect cannot be told.
    """
    states: dict[Address, PoolState] = {}
    for intent in intents:
        if intent.deadline is not None and view.next_timestamp > intent.deadline:
            raise ChainDataError(f"the deadline {intent.deadline} is before the next block's {view.next_timestamp}")
        amount = run_intent(view, intent, states)
        if amount > intent.limit if intent.exact_out else amount < intent.limit:
            raise ChainDataError(f"the swap would move {amount}, past its limit of {intent.limit}")
    return states


def run_intent(view: MarketView, intent: SwapIntent, states: dict[Address, PoolState]) -> int:
    """The other amount of the swap: what an exact input yields, what an exact output costs.

    ``states`` has the pools that were moved before, and takes what it moves. Raises ``ChainDataError`` where a pool
    cannot fill it.
    """
    amount = intent.amount
    hops = list(zip(intent.hops, _pools(view, intent), strict=True))
    for hop, pool in reversed(hops) if intent.exact_out else hops:
        done = _swap(view, pool, _state(view, pool, states), hop.token_in, amount, intent)
        states[pool.address] = done.state
        amount = done.amount_in if intent.exact_out else done.amount_out
    return amount


def _pools(view: MarketView, intent: SwapIntent) -> list[Pool]:
    """The pools on the way. Of one passed twice only an exact input of v3 can be told: routers reckon a pair's amounts
    now before the first swap, now swap by swap, and v3's outputs are swapped one inside the other, the pool locked."""
    pools = [pool_of(view, hop.protocol, hop.token_in, hop.token_out, hop.fee_pips) for hop in intent.hops]
    for place, pool in enumerate(pools):
        if pool in pools[:place] and (intent.exact_out or pool.family == V2):
            raise ChainDataError(f"the effect on pool {pool.address}, passed twice, cannot be told")
    return pools


def _swap(
    view: MarketView, pool: Pool, state: PoolState, token_in: Address, amount: int, intent: SwapIntent
) -> SwapResult:
    if not intent.sqrt_limit_x96 or not isinstance(state, V3State):
        now = view.next_timestamp
        return swap(pool, state, token_in, pool.other(token_in), amount, now, exact_out=intent.exact_out)
    done = v3.swap(
        state,
        pool.tick_spacing,
        pool.fee_pips,
        token_in == pool.token0,
        amount,
        exact_in=not intent.exact_out,
        sqrt_limit_x96=intent.sqrt_limit_x96,
    )
    return SwapResult(done.amount_in, done.amount_out, v3.after(state, done))


def pool_of(view: MarketView, protocol: str, a: Address, b: Address, fee_pips: int | None) -> Pool:
    """Raises ``ChainDataError`` where no such pool is known, or its effect cannot be told."""
    pool = view.graph.find(protocol, a, b, fee_pips)
    if pool is None:
        raise ChainDataError(f"no pool of {protocol} between {a} and {b} is known")
    if reason := view.untradable.get(pool.address):
        raise ChainDataError(f"the effect on pool {pool.address} cannot be told: {reason}")
    return pool


def _state(view: MarketView, pool: Pool, states: dict[Address, PoolState]) -> PoolState:
    return states.get(pool.address) or view.states[pool.address]
