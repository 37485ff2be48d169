"""Slipstream (Aerodrome, Velodrome): Uniswap v3's pools, found by their tick spacing, with a fee that a module sets.

A module of fixed fees may be changed without an event of the pool, so the fee is read at every block. A dynamic module
that scales the fee by how far the price has moved within minutes makes it another one every second: such pools are
refused. What the gauge keeps of the fees changes no amount. Source: the Aerodrome documentation on Slipstream pools.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import SLIPSTREAM, Pool, PoolState, Terms, V3State
from tallyio.core.units import PIPS, Address
from tallyio.hot_path.amm import v3
from tallyio.hot_path.curve import Curve
from tallyio.protocols.dex.answers import answered, calldata, selector, signed_word
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.family import Call, Family, Reading, Refused, SwapResult
from tallyio.protocols.dex.identity import names, other_names
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
    filled,
    ticks_obstacle,
    virtual_reserves,
)
from tallyio.protocols.dex.words import address_word, paid, signed, topic, words

POOL_CREATED = "0xab0d57f0df537bb25e80245ef7748fa62353808c54d6e528a9dd20887aed9ac2"
"""``PoolCreated(address indexed token0, address indexed token1, int24 indexed tickSpacing, address pool)``"""
SWAP_FEE_MODULE = selector("swapFeeModule()")
DYNAMIC_FEE_CONFIG = selector("dynamicFeeConfig(address)")
DEFAULT_SCALING_FACTOR = selector("defaultScalingFactor()")
_EVENTS = UniswapV3()


class SlipstreamTerms(Terms, frozen=True):
    factory: Address


class SlipstreamState(PoolState, frozen=True):
    ticks: V3State
    fee_pips: int


class Slipstream(Family):
    name = SLIPSTREAM
    typical_gas = 90_000
    lends = True
    read_first = True
    topics = frozenset({POOL_CREATED, INITIALIZE, SWAP, MINT, BURN})

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
        module = address_word(answered(named, 1, factory)[0])
        if int(module, 16):
            config: Call = (module, calldata(DYNAMIC_FEE_CONFIG, int(pool.address, 16)))
            told, default = yield [config, (module, DEFAULT_SCALING_FACTOR)]
            if default:
                _, _, scaling = answered(told, 3, module)
                if scaling or answered(default, 1, module)[0]:
                    return Refused(f"its fee moves by the second, by the dynamic module {module}")
        charged = answered(fee, 1, pool.address)[0]
        if charged >= PIPS:
            return Refused(f"its fee is {charged} pips, expected less than {PIPS}")
        return msgspec.structs.replace(_own(pool, state), fee_pips=charged)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None:
            return None
        own = _own(pool, state)
        ticks = _EVENTS.advance(pool, own.ticks, logs, timestamp)
        return None if ticks is None else msgspec.structs.replace(own, ticks=ticks)

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
        done = v3.swap(own.ticks, pool.tick_spacing, own.fee_pips, zero_for_one, amount, exact_in=not exact_out)
        amounts = filled(pool, amount, done.unfilled, done.amount_in, done.amount_out)
        return SwapResult(*amounts, msgspec.structs.replace(own, ticks=v3.after(own.ticks, done)))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> Curve:
        own = _own(pool, state)
        return Curve(msgspec.structs.replace(pool, fee_pips=own.fee_pips), own.ticks, token_in == pool.token0)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return virtual_reserves(_own(pool, state).ticks)

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return ticks_obstacle(_own(pool, state).ticks)


def _terms(pool: Pool) -> SlipstreamTerms:
    if not isinstance(pool.terms, SlipstreamTerms):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} lacks its factory")
    return pool.terms


def _own(pool: Pool, state: PoolState) -> SlipstreamState:
    if not isinstance(state, SlipstreamState):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
