"""Slipstream (Aerodrome, Velodrome): Uniswap v3's pools, found by their tick spacing, with a fee that a module sets.

The terms of a module may be changed without an event of the pool, so they are read at every block. The published
dynamic module scales the fee by how far the price is from its average of some minutes, so the pool's oracle is followed
for it. A module that is none of these two is taken at its word, the fee of the block. What the gauge keeps of the fees
changes no amount. Source: the Aerodrome documentation on Slipstream pools; judged by the published sources, compiled.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import SLIPSTREAM, Pool, PoolState, Terms, V3State
from tallyio.core.units import PIPS, Address
from tallyio.hot_path.amm import v3
from tallyio.hot_path.curve import Curve
from tallyio.protocols.dex.answers import answered, event, selector, signed_word
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families.observations import written
from tallyio.protocols.dex.family import Family, Reading, Refused, SwapResult
from tallyio.protocols.dex.identity import names, other_names
from tallyio.protocols.dex.slipstream_module import MovingFee, read_observations, read_terms
from tallyio.protocols.dex.tick_reading import read_ticks, ticked
from tallyio.protocols.dex.uniswap_v3 import (
    BURN,
    FEE,
    INITIALIZE,
    LIQUIDITY,
    MINT,
    SLOT0,
    SWAP,
    TICK_BITMAP,
    TICK_SPACING,
    TICKS,
    UniswapV3,
    at_price,
    filled,
    ticks_obstacle,
    virtual_reserves,
)
from tallyio.protocols.dex.words import address_word, paid, signed, topic, words

POOL_CREATED = "0xab0d57f0df537bb25e80245ef7748fa62353808c54d6e528a9dd20887aed9ac2"
"""``PoolCreated(address indexed token0, address indexed token1, int24 indexed tickSpacing, address pool)``"""
SWAP_FEE_MODULE = selector("swapFeeModule()")
MORE_PLACES = event("IncreaseObservationCardinalityNext(uint16,uint16)")
_EVENTS = UniswapV3()


class SlipstreamTerms(Terms, frozen=True):
    factory: Address


class SlipstreamState(PoolState, frozen=True):
    """``fee_pips`` stands still within a block unless ``moving``, which then tells it."""

    ticks: V3State
    fee_pips: int
    moving: MovingFee | None = None

    def fee_at(self, now: int) -> int:
        return self.fee_pips if self.moving is None else self.moving.at(now, self.ticks.tick)


class Slipstream(Family):
    name = SLIPSTREAM
    typical_gas = 90_000
    lends = True
    read_first = True
    topics = frozenset({POOL_CREATED, INITIALIZE, SWAP, MINT, BURN, MORE_PLACES})

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != POOL_CREATED:
            return None
        (pool,) = words(log, 4, 1)
        token0, token1, spacing = topic(log, 1), topic(log, 2), signed(topic(log, 3), 24)
        if token0 >= token1 or spacing <= 0:
            raise ChainDataError(f"the factory {log.address} announced a pool that Slipstream cannot have")
        tokens = address_word(token0), address_word(token1)
        terms = SlipstreamTerms(log.address)
        return Pool(address_word(pool), SLIPSTREAM, deployment.protocol, tokens, 0, spacing, terms=terms)

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return True

    def read(self, pool: Pool) -> Reading:
        asked = [(pool.address, each) for each in (SLOT0, LIQUIDITY, TICK_SPACING)]
        slot0, within, spacing, *named = yield [*asked, *names(pool)]
        if lie := other_names(pool, named):
            return lie
        if signed_word(answered(spacing, 1, pool.address)[0]) != pool.tick_spacing:
            return Refused("its contract has another tick spacing than its factory told")
        price, tick = answered(slot0, 2, pool.address)
        if not price:
            return None
        found = yield from read_ticks(pool, TICK_BITMAP, TICKS, pool.tick_spacing)
        ticks = ticked(price, tick, answered(within, 1, pool.address)[0], found)
        return (yield from self.refresh(pool, SlipstreamState(ticks, 0)))

    def refresh(self, pool: Pool, state: PoolState) -> Reading:
        factory = _terms(pool).factory
        fee, named = yield [(pool.address, FEE), (factory, SWAP_FEE_MODULE)]
        module, own = address_word(answered(named, 1, factory)[0]), _own(pool, state)
        terms = None
        if int(module, 16):
            terms = yield from read_terms(pool.address, factory, module, pool.tick_spacing)
        if terms is not None:
            seen = own.moving.seen if own.moving else None
            if seen is None or seen.window != terms.seconds:
                seen = yield from read_observations(pool.address, terms.seconds)
            return msgspec.structs.replace(own, fee_pips=0, moving=MovingFee(terms, seen))
        charged = answered(fee, 1, pool.address)[0]
        if charged >= PIPS:
            return Refused(f"its fee is {charged} pips, expected less than {PIPS}")
        return msgspec.structs.replace(own, fee_pips=charged, moving=None)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None:
            return None
        own = _own(pool, state)
        for log in logs:
            if log.topics[0] == MORE_PLACES:
                own = _enlarged(own, words(log, 1, 2)[1])
                continue
            ticks = _EVENTS.advance(pool, own.ticks, [log], timestamp)
            if ticks is None:
                return None
            if ticks.tick != own.ticks.tick or (log.topics[0] in (MINT, BURN) and at_price(own.ticks, log)):
                own = _observed(own, timestamp)
            own = msgspec.structs.replace(own, ticks=ticks)
        return own

    def paid_out(self, pool: Pool, log: Log) -> tuple[tuple[Address, int], ...]:
        if log.topics[0] != SWAP:
            return ()
        return paid(pool, [-signed(word, 256) for word in words(log, 3, 5)[:2]])

    def swap(
        self,
        pool: Pool,
        state: PoolState,
        token_in: Address,
        token_out: Address,
        amount: int,
        timestamp: int,
        *,
        exact_out: bool = False,
    ) -> SwapResult:
        own, zero_for_one = _own(pool, state), token_in == pool.token0
        fee, spacing = own.fee_at(timestamp), pool.tick_spacing
        done = v3.swap(own.ticks, spacing, fee, zero_for_one, amount, exact_in=not exact_out)
        amounts, ticks = filled(pool, amount, done.unfilled, done.amount_in, done.amount_out), v3.after(own.ticks, done)
        seen = own if ticks.tick == own.ticks.tick else _observed(own, timestamp)
        return SwapResult(*amounts, msgspec.structs.replace(seen, ticks=ticks))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> Curve:
        own = _own(pool, state)
        return Curve(msgspec.structs.replace(pool, fee_pips=own.fee_at(timestamp)), own.ticks, token_in == pool.token0)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return virtual_reserves(_own(pool, state).ticks)

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return ticks_obstacle(_own(pool, state).ticks)


def _observed(own: SlipstreamState, now: int) -> SlipstreamState:
    """The pool writes down where it stood until ``now``."""
    if own.moving is None:
        return own
    seen = written(own.moving.seen, now, own.ticks.tick)
    return msgspec.structs.replace(own, moving=msgspec.structs.replace(own.moving, seen=seen))


def _enlarged(own: SlipstreamState, places: int) -> SlipstreamState:
    if own.moving is None:
        return own
    seen = msgspec.structs.replace(own.moving.seen, next_cardinality=places)
    return msgspec.structs.replace(own, moving=msgspec.structs.replace(own.moving, seen=seen))


def _terms(pool: Pool) -> SlipstreamTerms:
    if not isinstance(pool.terms, SlipstreamTerms):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} lacks its factory")
    return pool.terms


def _own(pool: Pool, state: PoolState) -> SlipstreamState:
    if not isinstance(state, SlipstreamState):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
