"""Algebra v1 (QuickSwap v3) and v1.9 with a fee for each direction (Camelot v3): Uniswap v3's walk, with fees that
follow the day's volatility and volume.

A second's first swap or change of liquidity at the price writes a timepoint into the pool's oracle, and with it the fee
is found anew: from the oracle's window, and from the volume since the timepoint before, which no view tells: it is read
from the pool's storage. Where a node refuses that, a pool is traded once a timepoint was written before our eyes. Its
terms may change without an event of the pool: they
are read at every block. Later versions of Algebra answer otherwise and are refused. Source: the Algebra technical paper
on adaptive fees; judged by the published contracts.
"""

from collections.abc import Sequence

import msgspec

from tallyio.chains import storage_words
from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import ALGEBRA, Pool, PoolState, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm import v3
from tallyio.hot_path.curve import Curve
from tallyio.protocols.dex.algebra_oracle import point_of, read_configs, read_points, timepoint
from tallyio.protocols.dex.answers import answered, event, selector, signed_word
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families.algebra_fee import (
    FeeConfig,
    Timepoint,
    new_fees,
    pruned,
    volume_per_liquidity,
    written,
)
from tallyio.protocols.dex.family import Family, Learned, Reading, Refused, SwapResult
from tallyio.protocols.dex.identity import names, other_names
from tallyio.protocols.dex.tick_reading import read_ticks, ticked
from tallyio.protocols.dex.uniswap_v3 import (
    BURN,
    INITIALIZE,
    LIQUIDITY,
    MINT,
    SWAP,
    TICK_SPACING,
    TICKS,
    UniswapV3,
    at_price,
    filled,
    ticks_obstacle,
    virtual_reserves,
)
from tallyio.protocols.dex.words import address_word, agree, paid, signed, topic, words

POOL = event("Pool(address,address,address)")
"""``Pool(address indexed token0, address indexed token1, address pool)``"""
FEE, FEES = event("Fee(uint16)"), event("Fee(uint16,uint16)")
GLOBAL_STATE, OPERATOR = selector("globalState()"), selector("dataStorageOperator()")
TICK_TABLE = selector("tickTable(int16)")
SPACING, BY_TICK = 60, 1
"""Of the bits of the table of ticks: v1's are for ticks of its one spacing, v1.9's for every tick."""
_VOLUME_SLOT = 3
"""Of the pool's storage: the volume since the last timepoint, above the liquidity at the price."""
_GLOBAL_WORDS = {7: 1, 8: 2}
"""By the words of ``globalState()``: how many of them are fees, behind the price and the tick."""
_EVENTS = UniswapV3()


class AlgebraState(PoolState, frozen=True):
    """``fees`` (1e-6), for sales of the first and of the second token, are those of the last timepoint's second, and
    ``configs`` what they are found by. ``volume`` is what was traded since (Q64, per liquidity);
    ``None`` while that is not known. ``points``: what its oracle knows that a window can reach."""

    ticks: V3State
    fees: tuple[int, int]
    points: tuple[Timepoint, ...]
    configs: tuple[FeeConfig, FeeConfig]
    operator: Address
    volume: int | None = None
    unread: bool = False
    """Whether the last of ``points`` and the fee are to be read."""


class Algebra(Family):
    name = ALGEBRA
    typical_gas = 138_000
    lends = True
    read_first = True
    topics = frozenset({POOL, INITIALIZE, SWAP, MINT, BURN, FEE, FEES})

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != POOL:
            return None
        (pool,) = words(log, 3, 1)
        token0, token1 = topic(log, 1), topic(log, 2)
        if token0 >= token1:
            raise ChainDataError(f"the factory {log.address} announced a pool that Algebra cannot have")
        tokens = address_word(token0), address_word(token1)
        return Pool(address_word(pool), ALGEBRA, deployment.protocol, tokens, 0, SPACING)

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return True

    def read(self, pool: Pool) -> Reading:
        asked = [(pool.address, each) for each in (GLOBAL_STATE, LIQUIDITY, TICK_SPACING, OPERATOR)]
        volume = storage_words.STORAGE, storage_words.question(pool.address, _VOLUME_SLOT)
        told, within, spacing, named, stored, *tokens = yield [*asked, volume, *names(pool)]
        if lie := other_names(pool, tokens):
            return lie
        count = _GLOBAL_WORDS.get(len(told or b"") // 32)
        if count is None:
            return Refused("its contract answers as another version of Algebra does")
        unit = SPACING if count == 1 else BY_TICK
        if unit == SPACING and signed_word(answered(spacing, 1, pool.address)[0]) != SPACING:
            return Refused(f"its tick spacing is not {SPACING}")
        price, tick, *_ = answered(told, 2, pool.address)
        if not price:
            return None
        operator = address_word(answered(named, 1, pool.address)[0])
        fees, index = _fees(told, count, pool.address)
        configs = yield from read_configs(operator, count)
        points = yield from read_points(operator, index)
        found = yield from read_ticks(pool, TICK_TABLE, TICKS, unit)
        liquidity = answered(within, 1, pool.address)[0]
        ticks = ticked(price, tick, liquidity, found)
        state = AlgebraState(ticks, fees, pruned(points), configs, operator, _volume(stored, liquidity))
        return Learned(msgspec.structs.replace(pool, tick_spacing=unit), state)

    def refresh(self, pool: Pool, state: PoolState) -> Reading:
        own = _own(pool, state)
        count = 1 if pool.tick_spacing == SPACING else 2
        configs = yield from read_configs(own.operator, count)
        own = msgspec.structs.replace(own, configs=configs)
        if not own.unread:
            return own
        (told,) = yield [(pool.address, GLOBAL_STATE)]
        fees, index = _fees(told, count, pool.address)
        (last,) = yield [(own.operator, timepoint(index))]
        points = (*own.points[:-1], point_of(last, own.operator))
        return msgspec.structs.replace(own, fees=fees, points=pruned(points), unread=False)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None:
            return None
        own = _own(pool, state)
        for log in logs:
            if log.topics[0] in (FEE, FEES):
                own = _timed(own, timestamp)
                if not own.unread:
                    agree(log, _pair(words(log, 1, 1 if log.topics[0] == FEE else 2)), own.fees)
                continue
            if log.topics[0] == SWAP or (log.topics[0] in (MINT, BURN) and at_price(own.ticks, log)):
                own = _timed(own, timestamp)
            ticks = _EVENTS.advance(pool, own.ticks, [log], timestamp)
            if ticks is None:
                return None
            own = msgspec.structs.replace(own, ticks=ticks)
            if log.topics[0] == SWAP:
                amount0, amount1 = words(log, 3, 5)[:2]
                own = _traded(own, signed(amount0, 256), signed(amount1, 256))
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
        own, zero_for_one = _timed(_known(pool, state, timestamp), timestamp), token_in == pool.token0
        fee = own.fees[0 if zero_for_one else 1]
        done = v3.swap(own.ticks, pool.tick_spacing, fee, zero_for_one, amount, exact_in=not exact_out)
        amounts = filled(pool, amount, done.unfilled, done.amount_in, done.amount_out)
        after = msgspec.structs.replace(own, ticks=v3.after(own.ticks, done))
        return SwapResult(*amounts, _traded(after, *amounts))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> Curve:
        own, zero_for_one = _timed(_known(pool, state, timestamp), timestamp), token_in == pool.token0
        fee = own.fees[0 if zero_for_one else 1]
        return Curve(msgspec.structs.replace(pool, fee_pips=fee), own.ticks, zero_for_one)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return virtual_reserves(_own(pool, state).ticks)

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return ticks_obstacle(_own(pool, state).ticks)

    def readable(self, state: PoolState, read: PoolState) -> PoolState:
        """Not every node tells the volume since the last timepoint."""
        if isinstance(state, AlgebraState) and isinstance(read, AlgebraState) and read.volume is None:
            return msgspec.structs.replace(state, volume=None)
        return state


def _pair(found: Sequence[int]) -> tuple[int, int]:
    """One for both directions, or one for each."""
    return found[0], found[-1]


def _fees(told: bytes | None, count: int, at: Address) -> tuple[tuple[int, int], int]:
    """The fees, and the last timepoint's number, in what ``globalState()`` told."""
    _, _, *fees, index = answered(told, 3 + count, at)
    return _pair(fees), index


def _volume(stored: bytes | None, liquidity: int) -> int | None:
    """``None`` where the node does not tell, or the word is another than the published contract's."""
    word = int.from_bytes(stored) if stored and len(stored) == 32 else None
    return None if word is None or word % 2**128 != liquidity else word >> 128


def _timed(own: AlgebraState, now: int) -> AlgebraState:
    """With the timepoint of ``now``, and the fee that it makes; where the volume before it is not known it is to be
    read. As it is for a moment that has passed."""
    if own.points[-1].timestamp >= now:
        return own
    if own.volume is None:
        placed = msgspec.structs.replace(own.points[-1], timestamp=now)
        return msgspec.structs.replace(own, points=(*own.points, placed), volume=0, unread=True)
    tick = own.ticks.tick
    fees = new_fees(own.points, now, tick, own.volume, own.configs)
    points = pruned((*own.points, written(own.points, now, tick, own.volume)))
    return msgspec.structs.replace(own, points=points, fees=_pair(fees) if fees else own.fees, volume=0)


def _traded(own: AlgebraState, amount0: int, amount1: int) -> AlgebraState:
    added = volume_per_liquidity(own.ticks.liquidity, amount0, amount1)
    return msgspec.structs.replace(own, volume=(own.volume or 0) + added)


def _known(pool: Pool, state: PoolState, timestamp: int) -> AlgebraState:
    """Raises ``ChainDataError`` where the fee at ``timestamp`` cannot be told."""
    own = _own(pool, state)
    if own.unread or (own.volume is None and own.points[-1].timestamp < timestamp):
        raise ChainDataError(
            f"pool {pool.address}: what was traded since its last timepoint is not known",
            todo="Wait until its first trade after the start of the mirror",
        )
    return own


def _own(pool: Pool, state: PoolState) -> AlgebraState:
    if not isinstance(state, AlgebraState):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
