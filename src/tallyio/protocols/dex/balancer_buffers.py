"""Balancer v3's buffers as pools of a token and its ERC-4626 shares, without a fee but for two units of rounding."""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import BALANCER_BUFFER, Pool, PoolState, Terms
from tallyio.core.units import Address
from tallyio.hot_path.curve import FixedRate
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.balancer_v2_events import event_topic
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families import balancer_buffer as model
from tallyio.protocols.dex.families.balancer_buffer import Buffer
from tallyio.protocols.dex.families.wrapped import VaultShares
from tallyio.protocols.dex.family import Family, Learned, Reading, Refused, SwapResult
from tallyio.protocols.dex.words import address_word, topic
from tallyio.protocols.dex.wrapped import SavingsVaults

STOCKED = event_topic("LiquidityAddedToBuffer(address,uint256,uint256,bytes32)")
_BALANCE, _RESERVES = selector("getBufferBalance(address)"), selector("getReservesOf(address)")
_MIN_WRAP, _PAUSED = selector("getMinimumWrapAmount()"), selector("areBuffersPaused()")
_VAULT_HEX, _SHARES_AT = 26, 26


class BufferTerms(Terms, frozen=True):
    """``shares`` is the ERC-4626 vault, the token that is wrapped to."""

    shares: Address


class BalancerBuffers(Family):
    """A buffer's key is 32 bytes, twelve of Balancer's vault and twenty of the vault of shares.

    The family ``balancer_v3``, whose vault holds them, finds them.
    """

    name = BALANCER_BUFFER
    topics = frozenset({STOCKED})
    typical_gas = 110_000
    read_first = True

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != STOCKED:
            return None
        shares = address_word(topic(log, 1))
        key = Address(log.address[:_VAULT_HEX] + shares[2:])
        terms = BufferTerms(shares)
        return Pool(key, BALANCER_BUFFER, deployment.protocol, (shares,), 0, home=log.address, terms=terms)

    def key(self, log: Log) -> Address | None:
        return Address(log.address[:_VAULT_HEX] + log.topics[1][_SHARES_AT:]) if len(log.topics) > 1 else None

    def read(self, pool: Pool) -> Reading:
        vault, shares = pool.home, _shares(pool)
        below = yield from SavingsVaults().read(msgspec.structs.replace(pool, address=shares))
        if not isinstance(below, Learned) or not isinstance(below.state, VaultShares):
            return below if isinstance(below, Refused) else Refused("its shares are of no vault known here")
        token = below.pool.tokens[0]
        answers = yield [
            (vault, calldata(_BALANCE, int(shares, 16))),
            (vault, calldata(_RESERVES, int(token, 16))),
            (vault, calldata(_RESERVES, int(shares, 16))),
            (vault, _MIN_WRAP),
            (vault, _PAUSED),
        ]
        if any(answered(answers[4], 1, vault)):
            return Refused("buffers are paused")
        underlying, held = answered(answers[0], 2, vault)
        reserve, reserve_shares, least = (answered(each, 1, vault)[0] for each in answers[1:4])
        state = Buffer(underlying, held, below.state, reserve, reserve_shares, least)
        return Learned(msgspec.structs.replace(pool, tokens=(token, shares)), state)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        return None

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return True

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
        wraps = _wraps(pool, token_in, token_out)
        found, after = model.exchange(_own(pool, state), wraps, amount, exact_out=exact_out)
        return SwapResult(found, amount, after) if exact_out else SwapResult(amount, found, after)

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> FixedRate:
        """At the rate of the vault below, as far as the stock reaches."""
        own = _own(pool, state)
        if _wraps(pool, token_in, token_out):
            most = own.vault.assets_for(own.shares, up=False)
            return _rate(pool, own.shares, most)
        return _rate(pool, own.underlying, own.vault.shares_for(own.underlying, up=False))

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        own = _own(pool, state)
        return own.underlying, own.shares

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """Balancer's vault, and the wrapped token."""
        return int(pool.home, 16), int(_shares(pool), 16)


def _rate(pool: Pool, out: int, most: int) -> FixedRate:
    if not out or not most:
        raise ChainDataError(f"the buffer {pool.address} has none of what is asked for")
    return FixedRate(out / most, float(most))


def _wraps(pool: Pool, token_in: Address, token_out: Address) -> bool:
    if (token_in, token_out) not in (pool.tokens, pool.tokens[::-1]):
        raise ChainDataError(f"the buffer {pool.address} does not exchange {token_in} for {token_out}")
    return token_in == pool.tokens[0]


def _shares(pool: Pool) -> Address:
    if not isinstance(pool.terms, BufferTerms):
        raise ChainDataError(f"the buffer {pool.address} does not name its vault of shares")
    return pool.terms.shares


def _own(pool: Pool, state: PoolState) -> Buffer:
    if not isinstance(state, Buffer):
        raise ChainDataError(f"the buffer {pool.address} of family {pool.family} does not match its state")
    return state
