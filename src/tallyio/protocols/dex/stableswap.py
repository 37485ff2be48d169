"""Curve's StableSwap-NG, plain pools: coins at rates, and a fee that rises off the peg.

The factory does not name the pool that it announces, so the first reading finds it by its coins. It announces meta
pools, too, which are another family's.
"""

from collections.abc import Sequence
from functools import partial

from tallyio.chains.keccak import keccak256
from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import CURVE_NG, CURVE_NG_META, Pool, PoolState, Terms
from tallyio.core.units import PIPS, Address
from tallyio.protocols.dex import stableswap_events as events
from tallyio.protocols.dex import stableswap_reading as reading
from tallyio.protocols.dex.answers import answered_list, calldata
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.families import stable_ng, stable_ng_views
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, scaled
from tallyio.protocols.dex.families.stable_ng import A_UNIT, StableNgPool
from tallyio.protocols.dex.family import Family, Learned, Reading, Refused, SwapResult
from tallyio.protocols.dex.stableswap_curve import StableSwapCurve
from tallyio.protocols.dex.words import address_word, paid, words


class StableSwapTerms(Terms, frozen=True):
    """``kinds`` of the coins as the factory has them (0 plain, 1 with a rate, 2 rebasing, 3 vault); empty for a pool
    that was announced with ``fee`` and is not found yet."""

    factory: Address
    fee: int
    kinds: tuple[int, ...] = ()


class StableSwap(Family):
    """The state is a ``StableNgPool`` whose averages and administrators' balances are not followed."""

    name = CURVE_NG
    topics = events.TOPICS | {events.PLAIN_DEPLOYED, events.META_DEPLOYED}
    read_first = True
    typical_gas = 140_000

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if log.topics and log.topics[0] == events.META_DEPLOYED:
            return meta_announced(log, deployment)
        if not log.topics or log.topics[0] != events.PLAIN_DEPLOYED:
            return None
        found = [int.from_bytes(log.data[k : k + 32]) for k in range(0, len(log.data), 32)]
        count = found[4] if len(found) > 4 else 0
        if len(log.data) % 32 or not 1 < count <= reading.MOST_COINS or len(found) != 5 + count:
            raise ChainDataError(f"the factory {log.address} announced a pool of {count} coins")
        tokens = tuple(address_word(word) for word in found[5:])
        if len(set(tokens)) != count:
            raise ChainDataError(f"the factory {log.address} announced a pool that has a coin twice")
        return Pool(
            _nameless(log), self.name, deployment.protocol, tokens, 0, terms=StableSwapTerms(log.address, found[2])
        )

    def read(self, pool: Pool) -> Reading:
        terms, at = _terms(pool), pool.address
        if not terms.kinds:
            found = yield from reading.announced(terms.factory, pool.tokens, terms.fee)
            if isinstance(found, Refused):
                return found
            at = found
        kinds, *told = yield [(terms.factory, calldata(reading.KINDS, int(at, 16))), *reading.calls(at)]
        known = StableSwapTerms(terms.factory, terms.fee, tuple(answered_list(kinds, at)))
        state = reading.state_of(told, at, known.kinds)
        if not len(known.kinds) == len(state.balances) == len(state.rates) == len(pool.tokens):
            return Refused(f"{len(state.balances)} balances, {len(state.rates)} rates of {len(pool.tokens)} coins")
        fee_pips = state.fee * PIPS // FEE_UNIT
        return Learned(Pool(at, self.name, pool.protocol, pool.tokens, fee_pips, terms=known), state)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None or any(_terms(pool).kinds):  # its rates were others at the time of the event
            return None
        return events.follow(_own(pool, state), logs, timestamp)

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return any(_terms(pool).kinds)

    def paid_out(self, pool: Pool, log: Log) -> tuple[tuple[Address, int], ...]:
        if log.topics[0] != events.EXCHANGED:
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
        own = events.whole(_own(pool, state), timestamp)
        _, i, j = self.detail(pool, token_in, token_out)
        if exact_out:
            amount = least_input(partial(_paid, own, i, j, timestamp), amount, _guess(own, i, j, amount, timestamp))
        paid, after = stable_ng.exchange(own, i, j, amount, timestamp)
        if not paid:
            raise ChainDataError(f"pool {pool.address} pays nothing for {amount}")
        return SwapResult(amount, paid, events.bare(after))

    def curve(
        self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int
    ) -> StableSwapCurve:
        _, i, j = self.detail(pool, token_in, token_out)
        return curve_of(_own(pool, state), i, j, timestamp)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return _own(pool, state).balances

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        return "" if all(self.holdings(pool, state)) else "no liquidity"

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """``exchange`` with signed indices, and the coins' places."""
        return 0, pool.tokens.index(token_in), pool.tokens.index(token_out)


def meta_announced(log: Log, deployment: Deployment) -> Pool:
    """A meta pool, of its own coin and the shares of the pool below it."""
    coin, base, _, fee, _ = words(log, 1, 5)
    tokens = address_word(coin), address_word(base)
    if coin == base:
        raise ChainDataError(f"the factory {log.address} announced a pool that has a coin twice")
    terms = StableSwapTerms(log.address, fee)
    return Pool(_nameless(log), CURVE_NG_META, deployment.protocol, tokens, 0, terms=terms, below=tokens[1])


def _nameless(log: Log) -> Address:
    """Until the pool is found."""
    return Address("0x" + keccak256(f"{log.tx_hash} {log.log_index}".encode())[:20].hex())


def curve_of(own: StableNgPool, i: int, j: int, now: int) -> StableSwapCurve:
    """Between two coins of a pool with a fee that rises off the peg."""
    xp, a = scaled(own.balances, own.rates), own.amplification(now)
    d, ann = stable_ng.invariant(xp, a), a / A_UNIT * len(xp)
    return StableSwapCurve(xp, d, ann, (i, j), (own.rates[i], own.rates[j]), own.fee, own.off_peg_multiplier)


def _paid(own: StableNgPool, i: int, j: int, now: int, amount: int) -> int:
    return stable_ng.exchange(own, i, j, amount, now)[0]


def _guess(own: StableNgPool, i: int, j: int, wanted: int, now: int) -> int:
    try:
        return stable_ng_views.get_dx(own, i, j, wanted, now)
    except ChainDataError:
        return 1


def _terms(pool: Pool) -> StableSwapTerms:
    if not isinstance(pool.terms, StableSwapTerms):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} has not the terms of its family")
    return pool.terms


def _own(pool: Pool, state: PoolState) -> StableNgPool:
    if not isinstance(state, StableNgPool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
