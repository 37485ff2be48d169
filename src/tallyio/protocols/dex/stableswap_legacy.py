"""Curve's first plain StableSwap pools: 3pool and the template after it, which no factory makes.

Curve's registry lists them, or a deployment names one. Both may be wrong and tell nothing but the address: coins,
decimals and kind are the contract's own word, judged by its quotes.
"""

from collections.abc import Sequence
from functools import partial

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import CURVE_LEGACY, CURVE_NAMED, Pool, PoolState
from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.protocols.dex import stableswap_legacy_events as events
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.families import stable_legacy
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_math import scaled
from tallyio.protocols.dex.family import Family, Reading, SwapResult
from tallyio.protocols.dex.stableswap_curve import StableSwapCurve
from tallyio.protocols.dex.stableswap_events import EXCHANGED
from tallyio.protocols.dex.stableswap_legacy_reading import read
from tallyio.protocols.dex.words import address_word, paid, topic, words


class StableSwapLegacy(Family):
    """The state is a ``StablePool`` whose shares and administrators' balances are not followed.

    What the administrators give to the pool without an event is found at the next swap, which then disagrees.
    """

    name = CURVE_LEGACY
    topics = events.TOPICS | {events.LISTED}
    read_first = True
    typical_gas = 130_000

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        return listed(log, deployment)

    def read(self, pool: Pool) -> Reading:
        return (yield from read(pool))

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None or not all(_own(pool, state).balances):  # its quotes were not judged yet
            return None
        return events.follow(_own(pool, state), logs, timestamp)

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
        own = _own(pool, state)
        _, i, j = self.detail(pool, token_in, token_out)
        if exact_out:
            guess = _guess(own, i, j, amount, timestamp)
            amount = least_input(partial(_paid, own, i, j, timestamp), amount, guess)
        paid, after = stable_legacy.exchange(own, i, j, amount, timestamp)
        if not paid:
            raise ChainDataError(f"pool {pool.address} pays nothing for {amount}")
        return SwapResult(amount, paid, events.bare(after))

    def curve(
        self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int
    ) -> StableSwapCurve:
        own, (_, i, j) = _own(pool, state), self.detail(pool, token_in, token_out)
        return curve_of(own, i, j, timestamp)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return _own(pool, state).balances

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return "" if all(self.holdings(pool, state)) else "no liquidity"

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """``exchange`` with signed indices, and the coins' places."""
        return 0, pool.tokens.index(token_in), pool.tokens.index(token_out)


class NamedStableSwap(StableSwapLegacy):
    """A deployment that is the pool itself; once read, it is of the family that it was found to be of."""

    name = CURVE_NAMED

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        return None

    def standing(self, deployment: Deployment) -> Pool | None:
        return _unread(deployment.factory, deployment)


def listed(log: Log, deployment: Deployment) -> Pool | None:
    """The pool that the registry takes up."""
    if not log.topics or log.topics[0] != events.LISTED:
        return None
    return _unread(address_word(topic(log, 1)), deployment)


def curve_of(own: StablePool, i: int, j: int, now: int) -> StableSwapCurve:
    """Between two coins of a pool with a flat fee."""
    xp = scaled(own.balances, own.rates)
    ann = own.amplification(now) / own.a_unit * len(xp)
    return StableSwapCurve(xp, own.invariant(own.balances, now), ann, (i, j), (own.rates[i], own.rates[j]), own.fee)


def _paid(own: StablePool, i: int, j: int, now: int, amount: int) -> int:
    return stable_legacy.exchange(own, i, j, amount, now)[0]


def _guess(own: StablePool, i: int, j: int, wanted: int, now: int) -> int:
    """What the other way round would be paid, about: fees are small."""
    try:
        return stable_legacy.exchange(own, j, i, wanted, now)[0]
    except ChainDataError:
        return 1


def _unread(at: Address, deployment: Deployment) -> Pool:
    """Its tokens are known once it was read."""
    return Pool(at, deployment.family, deployment.protocol, (ZERO_ADDRESS, at), 0)


def _own(pool: Pool, state: PoolState) -> StablePool:
    if not isinstance(state, StablePool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
