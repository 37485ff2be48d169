"""Uniswap v2 and its forks: pairs of constant product, all of whose state a Sync event tells."""

from collections.abc import Sequence

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, Pool, PoolState, V2State
from tallyio.core.units import UINT112_MAX, Address
from tallyio.hot_path.amm import v2
from tallyio.hot_path.curve import Curve
from tallyio.protocols.dex.answers import answered
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.family import Family, Reading, SwapResult
from tallyio.protocols.dex.identity import names, other_names
from tallyio.protocols.dex.words import address_word, paid, topic, unsigned, words

PAIR_CREATED = "0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9"
"""``PairCreated(address indexed token0, address indexed token1, address pair, uint256)``"""
SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
"""``Sync(uint112 reserve0, uint112 reserve1)``"""
SWAP = "0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"
"""``Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out,
address indexed to)``"""
GET_RESERVES = bytes.fromhex("0902f1ac")
_HEADROOM = 2**20
"""A reserve within this fraction of its type's limit takes no trade worth making."""


class UniswapV2(Family):
    name = V2
    typical_gas = 58_000
    lends = True
    topics = frozenset({PAIR_CREATED, SYNC})

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != PAIR_CREATED:
            return None
        pair, _ = words(log, 3, 2)
        token0, token1 = topic(log, 1), topic(log, 2)
        if token0 >= token1:
            raise ChainDataError(f"the factory {log.address} announced a pair whose tokens are not sorted")
        tokens = address_word(token0), address_word(token1)
        return Pool(address_word(pair), V2, deployment.protocol, tokens, deployment.fee_pips)

    def read(self, pool: Pool) -> Reading:
        answer, *named = yield [(pool.address, GET_RESERVES), *names(pool)]
        if lie := other_names(pool, named):
            return lie
        reserve0, reserve1, _ = answered(answer, 3, pool.address)
        return V2State(unsigned(reserve0, 112), unsigned(reserve1, 112))

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> V2State | None:
        syncs = [log for log in logs if log.topics[0] == SYNC]
        if not syncs:
            return _own(pool, state) if state else None
        reserve0, reserve1 = words(syncs[-1], 1, 2)
        return V2State(unsigned(reserve0, 112), unsigned(reserve1, 112))

    def paid_out(self, pool: Pool, log: Log) -> tuple[tuple[Address, int], ...]:
        if log.topics[0] != SWAP:
            return ()
        _, _, *outputs = words(log, 3, 4)
        return paid(pool, outputs)

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
        r_in, r_out = (own.reserve0, own.reserve1) if zero_for_one else (own.reserve1, own.reserve0)
        if exact_out:
            amount_in, amount_out = v2.amount_in(amount, r_in, r_out, pool.fee_pips), amount
        else:
            amount_in, amount_out = amount, v2.amount_out(amount, r_in, r_out, pool.fee_pips)
        r_in, r_out = r_in + amount_in, r_out - amount_out
        return SwapResult(amount_in, amount_out, V2State(r_in, r_out) if zero_for_one else V2State(r_out, r_in))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> Curve:
        return Curve(pool, _own(pool, state), token_in == pool.token0)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        own = _own(pool, state)
        return own.reserve0, own.reserve1

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        reserves = self.holdings(pool, state)
        if not all(reserves):
            return "no liquidity"
        largest = max(reserves)
        return "reserves at the limit of uint112" if UINT112_MAX - largest < largest // _HEADROOM else ""


def _own(pool: Pool, state: PoolState) -> V2State:
    if not isinstance(state, V2State):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
