"""Uniswap v3: pools of concentrated liquidity, all of whose state events tell."""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3, Pool, PoolState, V3State
from tallyio.core.units import PIPS, Address
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.tick_math import MAX_TICK, MIN_TICK
from tallyio.hot_path.curve import Curve
from tallyio.protocols.dex.answers import answered, signed_word
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.family import Family, Reading, Refused, SwapResult
from tallyio.protocols.dex.identity import names, other_names
from tallyio.protocols.dex.positions import with_position
from tallyio.protocols.dex.tick_reading import read_ticks, ticked
from tallyio.protocols.dex.words import address_word, paid, signed, topic, unsigned, words

POOL_CREATED = "0x783cca1c0412dd0d695e784568c96da2e9c22ff989357a2e8b1d9b2b4e6b7118"
"""``PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, int24 tickSpacing,
address pool)``"""
INITIALIZE = "0x98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95"
"""``Initialize(uint160 sqrtPriceX96, int24 tick)``"""
SWAP = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"
"""``Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96,
uint128 liquidity, int24 tick)``"""
MINT = "0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde"
"""``Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount,
uint256 amount0, uint256 amount1)``"""
BURN = "0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c"
"""``Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0,
uint256 amount1)``"""
SLOT0 = bytes.fromhex("3850c7bd")
LIQUIDITY = bytes.fromhex("1a686502")
TICK_BITMAP = bytes.fromhex("5339c296")
TICKS = bytes.fromhex("f30dba93")
TICK_SPACING = bytes.fromhex("d0c93a7c")
FEE = bytes.fromhex("ddca3f43")
_Q96 = 2**96


class UniswapV3(Family):
    """``swapped`` is the topic of its Swap event; forks may put more words behind the five of Uniswap's."""

    name = V3
    typical_gas = 63_000
    lends = True
    swapped = SWAP
    swapped_words = 5
    topics = frozenset({POOL_CREATED, INITIALIZE, SWAP, MINT, BURN})

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != POOL_CREATED:
            return None
        spacing, pool = words(log, 4, 2)
        token0, token1, fee = topic(log, 1), topic(log, 2), topic(log, 3)
        tick_spacing = signed(spacing, 24)
        if token0 >= token1 or not 0 <= fee < PIPS or tick_spacing <= 0:
            raise ChainDataError(f"the factory {log.address} announced a pool that Uniswap v3 cannot have")
        tokens = address_word(token0), address_word(token1)
        return Pool(address_word(pool), self.name, deployment.protocol, tokens, fee, tick_spacing)

    def read(self, pool: Pool) -> Reading:
        asked = [(pool.address, SLOT0), (pool.address, LIQUIDITY), (pool.address, TICK_SPACING), (pool.address, FEE)]
        slot0, within, spacing, fee, *named = yield [*asked, *names(pool)]
        if lie := other_names(pool, named):
            return lie
        told = answered(fee, 1, pool.address)[0], signed_word(answered(spacing, 1, pool.address)[0])
        if told != (pool.fee_pips, pool.tick_spacing):
            return Refused(
                f"its contract has the fee {told[0]} and the tick spacing {told[1]}, its factory told others"
            )
        price, tick = answered(slot0, 2, pool.address)
        liquidity = answered(within, 1, pool.address)[0]
        if not price:
            return None
        found = yield from read_ticks(pool, TICK_BITMAP, TICKS, pool.tick_spacing)
        return ticked(price, tick, liquidity, found)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> V3State | None:
        own = None if state is None else _own(pool, state)
        for log in logs:
            if log.topics[0] == INITIALIZE:
                price, tick = words(log, 1, 2)
                own = V3State(unsigned(price, 160), tick_word(tick), 0)
                continue
            if own is None:
                raise ChainDataError(f"pool {pool.address} is not initialised, found an event {log.topics[0]} of it")
            if log.topics[0] == self.swapped:
                _, _, price, liquidity, tick = words(log, 3, self.swapped_words)[:5]
                own = msgspec.structs.replace(
                    own,
                    sqrt_price_x96=unsigned(price, 160),
                    tick=tick_word(tick),
                    liquidity=unsigned(liquidity, 128),
                )
            elif log.topics[0] == MINT:
                _, amount, _, _ = words(log, 4, 4)
                own = with_position(own, *position(log), unsigned(amount, 128))
            elif log.topics[0] == BURN:
                amount, _, _ = words(log, 4, 3)
                own = with_position(own, *position(log), -unsigned(amount, 128))
        return own

    def paid_out(self, pool: Pool, log: Log) -> tuple[tuple[Address, int], ...]:
        if log.topics[0] != self.swapped:
            return ()
        return paid(pool, [-signed(word, 256) for word in words(log, 3, self.swapped_words)[:2]])

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
        done = v3.swap(own, pool.tick_spacing, pool.fee_pips, zero_for_one, amount, exact_in=not exact_out)
        return SwapResult(*filled(pool, amount, done.unfilled, done.amount_in, done.amount_out), v3.after(own, done))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> Curve:
        return Curve(pool, _own(pool, state), token_in == pool.token0)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return virtual_reserves(_own(pool, state))

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return ticks_obstacle(_own(pool, state))


def filled(pool: Pool, amount: int, unfilled: int, amount_in: int, amount_out: int) -> tuple[int, int]:
    """Both amounts. Raises ``ChainDataError`` for a swap that was filled in part or for nothing."""
    if unfilled:
        raise ChainDataError(f"pool {pool.address} has not the liquidity for {amount} of the asked token")
    if not amount_in or not amount_out:
        raise ChainDataError(f"pool {pool.address} pays nothing for {amount_in}")
    return amount_in, amount_out


def ticks_obstacle(state: V3State) -> str:
    if not state.sqrt_price_x96:
        return "not initialised"
    return "" if state.liquidity or state.tick_index else "no liquidity"


def virtual_reserves(state: V3State) -> tuple[int, int]:
    """Those of a constant product of the same depth at the price (Uniswap v3 whitepaper, 2.2)."""
    if not state.sqrt_price_x96:
        return 0, 0
    return state.liquidity * _Q96 // state.sqrt_price_x96, state.liquidity * state.sqrt_price_x96 // _Q96


def at_price(ticks: V3State, log: Log) -> bool:
    """Whether a Mint or Burn moves the liquidity at the price."""
    lower, upper = position(log)
    amount = words(log, 4, 4)[1] if log.topics[0] == MINT else words(log, 4, 3)[0]
    return lower <= ticks.tick < upper and bool(amount)


def position(log: Log) -> tuple[int, int]:
    """The ticks of a Mint or Burn."""
    lower, upper = tick_word(topic(log, 2)), tick_word(topic(log, 3))
    if lower >= upper:
        raise ChainDataError(f"log {log.log_index} of transaction {log.tx_hash}: a position from {lower} to {upper}")
    return lower, upper


def tick_word(word: int) -> int:
    tick = signed(word, 24)
    if not MIN_TICK <= tick <= MAX_TICK:
        raise ChainDataError(f"expected a tick between {MIN_TICK} and {MAX_TICK}, found {tick}")
    return tick


def _own(pool: Pool, state: PoolState) -> V3State:
    if not isinstance(state, V3State):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
