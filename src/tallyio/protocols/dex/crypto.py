"""Curve's Twocrypto-NG and Tricrypto-NG: volatile coins around a price scale that follows the market."""

from collections.abc import Sequence
from functools import partial

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import TRICRYPTO, TWOCRYPTO, Pool, PoolState, Terms
from tallyio.core.units import PIPS, Address
from tallyio.protocols.dex import crypto_events as events
from tallyio.protocols.dex.crypto_curve import CryptoCurve
from tallyio.protocols.dex.crypto_reading import reading
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.families import crypto_pool, crypto_views
from tallyio.protocols.dex.families.crypto_math import FEE_UNIT, ONE
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.family import Family, Learned, Reading, Refused, SwapResult
from tallyio.protocols.dex.words import address_word, paid, words

UNSIGNED = 1
"""The executor's variant of ``exchange`` with unsigned indices."""
_COINS_AT = {TWOCRYPTO: 3, TRICRYPTO: 4}
_COUNT = {TWOCRYPTO: 2, TRICRYPTO: 3}
_ANNOUNCED = {TWOCRYPTO: events.TWO_DEPLOYED, TRICRYPTO: events.THREE_DEPLOYED}
_GAS = {TWOCRYPTO: 200_000, TRICRYPTO: 260_000}


class CryptoTerms(Terms, frozen=True):
    """``windowed`` pools keep an average of their worth; the others (built for ether) claim at every change."""

    windowed: bool = True


class CryptoSwap(Family):
    """The state is a ``CryptoPool`` whose average worth (xcp) is not followed: no quote depends on it."""

    read_first = True

    def __init__(self, name: str) -> None:
        self.name, self.typical_gas = name, _GAS[name]
        self.topics = events.TOPICS | {_ANNOUNCED[name]}

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != _ANNOUNCED[self.name]:
            return None
        n, start = _COUNT[self.name], _COINS_AT[self.name]
        if len(log.data) % 32 or len(log.data) < 32 * (start + n):
            raise ChainDataError(f"the factory {log.address} announced a pool in {len(log.data)} bytes")
        found = [int.from_bytes(log.data[k : k + 32]) for k in range(0, 32 * (start + n), 32)]
        tokens = tuple(address_word(word) for word in found[start:])
        if len(set(tokens)) != n:
            raise ChainDataError(f"the factory {log.address} announced a pool that has a coin twice")
        return Pool(address_word(found[0]), self.name, deployment.protocol, tokens, 0, terms=CryptoTerms())

    def read(self, pool: Pool) -> Reading:
        return self._read(pool, None)

    def refresh(self, pool: Pool, state: PoolState) -> Reading:
        return self._read(pool, _known(pool, state))

    def _read(self, pool: Pool, known: CryptoPool | None) -> Reading:
        found = yield from reading(pool, known)
        if isinstance(found, Refused):
            return found
        state, windowed = found
        fee_pips = state.mid_fee * PIPS // FEE_UNIT
        learned = msgspec.structs.replace(pool, fee_pips=fee_pips, terms=CryptoTerms(windowed))
        return Learned(learned, state)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None:
            return None
        windowed = not isinstance(pool.terms, CryptoTerms) or pool.terms.windowed
        return events.follow(_own(pool, state), logs, timestamp, windowed=windowed)

    def paid_out(self, pool: Pool, log: Log) -> tuple[tuple[Address, int], ...]:
        if log.topics[0] != events.EXCHANGED:
            return ()
        _, _, place, amount, _, _ = words(log, 2, 6)
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
        own, (_, i, j) = _own(pool, state), self.detail(pool, token_in, token_out)
        if exact_out:
            quote = partial(_quoted, own, i, j, timestamp)
            amount = least_input(quote, amount, _guess(own, i, j, amount, timestamp))
        paid, after = crypto_pool.exchange(own, i, j, amount, timestamp)
        if not paid:
            raise ChainDataError(f"pool {pool.address} pays nothing for {amount}")
        return SwapResult(amount, paid, after)

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> CryptoCurve:
        own, (_, i, j) = _own(pool, state), self.detail(pool, token_in, token_out)
        d, xp = crypto_views.present_d(own, timestamp), _scaled(own)
        if not d or not all(xp):
            raise ChainDataError(f"pool {pool.address} has no liquidity")
        scales = ONE, *own.price_scale
        units = own.precisions[i] * scales[i] / ONE, own.precisions[j] * scales[j] / ONE
        fees = own.mid_fee, own.out_fee, own.fee_gamma
        return CryptoCurve(xp, d, own.a_gamma(timestamp), (i, j), units, fees)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return _known(pool, state).balances

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        own = _known(pool, state)
        return "" if own.d and all(own.balances) else "no liquidity"

    def readable(self, state: PoolState, read: PoolState) -> PoolState:
        """Averages of prices can be read in a trade's own block alone."""
        if isinstance(state, CryptoPool) and isinstance(read, CryptoPool) and not read.price_oracle:
            return msgspec.structs.replace(state, price_oracle=())
        return state

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """``exchange`` with unsigned indices, and the coins' places."""
        return UNSIGNED, pool.tokens.index(token_in), pool.tokens.index(token_out)


def _scaled(own: CryptoPool) -> list[int]:
    return crypto_pool.scaled(own.balances, own.precisions, own.price_scale)


def _quoted(own: CryptoPool, i: int, j: int, now: int, amount: int) -> int:
    """As the contract's view: a trade of that much may still be a loss to the pool, and refused."""
    return crypto_views.get_dy(own, i, j, amount, now)


def _guess(own: CryptoPool, i: int, j: int, wanted: int, now: int) -> int:
    try:
        return crypto_views.get_dx(own, i, j, wanted, now)
    except ChainDataError:
        return 1


def _known(pool: Pool, state: PoolState) -> CryptoPool:
    if not isinstance(state, CryptoPool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state


def _own(pool: Pool, state: PoolState) -> CryptoPool:
    """The state of a pool that can be quoted."""
    own = _known(pool, state)
    if not own.price_scale:
        raise ChainDataError(
            f"pool {pool.address}: a trade may have moved its price scale by averages that are not known",
            todo="Wait until its first trade after the start of the mirror: then they are read",
        )
    return own
