"""What Curve's meta pools of both generations share: one coin against the shares of a pool, whose coins they trade too.

``Pool.tokens`` are the pool's own coin, the shares, and the coins of the pool below, which is ``Pool.below``. Between
two of the latter the pool below is asked itself. The state holds both pools; as no event of the one tells what
happened to the other, they are read at every block.
"""

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.hot_path.curve import FloatCurve
from tallyio.protocols.dex.answers import event
from tallyio.protocols.dex.balancer_curves import StableCurve
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE, scaled
from tallyio.protocols.dex.family import Family, SwapResult
from tallyio.protocols.dex.stableswap_events import EXCHANGED
from tallyio.protocols.dex.words import paid, words

EXCHANGED_UNDERLYING = event("TokenExchangeUnderlying(address,int128,uint256,int128,uint256)")
UNDERLYING = 2
"""``SwapStep.detail``'s variant for ``exchange_underlying``."""


class Chained(NamedTuple):
    """One curve's output is the other's input."""

    first: FloatCurve
    second: FloatCurve

    @property
    def depth(self) -> float:
        return self.first.depth

    def output(self, amount_in: float) -> float:
        return self.second.output(self.first.output(amount_in))

    def rate(self, amount_in: float = 0.0) -> float:
        between = self.first.output(amount_in) if amount_in else 0.0
        return self.first.rate(amount_in) * self.second.rate(between)


class MetaFamily(Family):
    read_first = True
    typical_gas = 260_000

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        return None

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return True

    def paid_out(self, pool: Pool, log: Log) -> tuple[tuple[Address, int], ...]:
        if log.topics[0] != EXCHANGED:
            return ()
        _, _, place, amount = words(log, 2, 4)
        return paid(pool, [0] * place + [amount])

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
        way = self.detail(pool, token_in, token_out)
        if exact_out:
            quote = partial(self._paid, pool, state, way, timestamp)
            amount = least_input(quote, amount, self._guess(pool, state, way, amount, timestamp))
        paid, after = self._exchange(pool, state, way, amount, timestamp)
        if not paid:
            raise ChainDataError(f"pool {pool.address} pays nothing for {amount}")
        return SwapResult(amount, paid, after)

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return "" if all(self.holdings(pool, state)) else "no liquidity"

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, int, int]:
        """The variant, and the coins' places among the pool's own two, or among its own coin and those below.

        Raises ``ChainDataError`` for two coins that the pool below exchanges.
        """
        i, j = pool.tokens.index(token_in), pool.tokens.index(token_out)
        if max(i, j) < 2:
            return 0, i, j
        if min(i, j) > 0:
            raise ChainDataError(f"pool {pool.address} leaves {token_in} for {token_out} to the pool below it")
        return UNDERLYING, max(i - 1, 0), max(j - 1, 0)

    @abstractmethod
    def _exchange(
        self, pool: Pool, state: PoolState, detail: tuple[int, int, int], amount: int, now: int
    ) -> tuple[int, PoolState]:
        """What the swap pays, and the state that it leaves, without what is not followed."""

    def _paid(self, pool: Pool, state: PoolState, detail: tuple[int, int, int], now: int, amount: int) -> int:
        return self._exchange(pool, state, detail, amount, now)[0]

    def _guess(self, pool: Pool, state: PoolState, detail: tuple[int, int, int], wanted: int, now: int) -> int:
        """What the other way round would be paid, about: fees are small."""
        variant, i, j = detail
        try:
            return self._paid(pool, state, (variant, j, i), now, wanted)
        except ChainDataError:
            return 1


def held(own: Sequence[int], below: Sequence[int], rates: Sequence[int]) -> tuple[int, ...]:
    """What a meta pool holds; of the coins below no more than its shares may be worth."""
    return *own, *(min(balance, own[1] * ONE // rate) for balance, rate in zip(below, rates, strict=True))


def share_curve(
    balances: Sequence[int], rates: Sequence[int], d: int, ann: float, fee: int, supply: int, ends: tuple[int, int]
) -> StableCurve:
    """Between the shares (place -1) and a coin of the pool below: by what a share is worth, its fee about that of what
    is out of proportion."""
    places = tuple(None if end < 0 else end for end in ends)
    units = tuple(1.0 if end < 0 else rates[end] / ONE for end in ends)
    n = len(balances)
    uneven = fee * n / (2 * (n - 1)) / FEE_UNIT
    return StableCurve(scaled(balances, rates), d, ann, (places[0], places[1]), (units[0], units[1]), uneven, supply)
