"""Balancer v2: weighted and stable pools that one vault holds and trades.

A pool's key is its own address, which is also the token of its shares; the vault knows it by an id of 32 bytes that
begins with it. Linear pools, pools whose weights move and the first generation that traded its own shares are refused.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import BALANCER_V2, Pool, PoolState, Terms
from tallyio.core.units import PIPS, Address
from tallyio.hot_path.curve import FloatCurve
from tallyio.protocols.dex import balancer_v2_events as events
from tallyio.protocols.dex import balancer_v2_reading as reading
from tallyio.protocols.dex.balancer_curves import StableCurve, WeightedCurve
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families import balancer_stable_math
from tallyio.protocols.dex.families.balancer_shares import without
from tallyio.protocols.dex.families.balancer_stable import NO_SHARES, StablePool
from tallyio.protocols.dex.families.balancer_weighted import MAX_RATIO, WeightedPool
from tallyio.protocols.dex.families.fixed_point import ONE, mul_down, quotient_up
from tallyio.protocols.dex.families.rate_cache import rate_of
from tallyio.protocols.dex.family import Family, Learned, Reading, SwapResult
from tallyio.protocols.dex.words import address_word, topic

GAS_WEIGHTED, GAS_STABLE, GAS_STABLE_TOKEN = 74_000, 80_000, 11_000
"""Of one swap at the vault, about; of a stable pool's each of its tokens adds to it."""
_POOL_ID_HEX = 66
_MAX_TOKENS = 64


class BalancerTerms(Terms, frozen=True):
    """``pool_id`` is the vault's name of the pool; ``providers`` tell the tokens' rates (zero: nobody does)."""

    pool_id: str
    providers: tuple[Address, ...] = ()


class BalancerV2(Family):
    name = BALANCER_V2
    topics = frozenset(events.HANDLERS)
    everywhere = frozenset({events.PAUSED})
    typical_gas = GAS_STABLE + 4 * GAS_STABLE_TOKEN
    read_first = True

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != events.TOKENS_REGISTERED:
            return None
        pool_id = f"0x{topic(log, 1):064x}"
        words = [int.from_bytes(log.data[k : k + 32]) for k in range(0, len(log.data), 32)]
        count = words[2] if len(words) > 2 else 0
        if not 1 < count <= _MAX_TOKENS or len(words) < 3 + count:
            raise ChainDataError(f"the vault {log.address} announced the pool {pool_id} with {count} tokens")
        tokens = tuple(address_word(word) for word in words[3 : 3 + count])
        return Pool(
            address=Address(pool_id[:42]),
            family=BALANCER_V2,
            protocol=deployment.protocol,
            tokens=tokens,
            fee_pips=0,
            home=log.address,
            terms=BalancerTerms(pool_id),
        )

    def key(self, log: Log) -> Address | None:
        of_vault = log.topics[0] in events.VAULT_EVENTS and len(log.topics) > 1
        return Address(log.topics[1][:42]) if of_vault else log.address

    def read(self, pool: Pool) -> Reading:
        known = yield from reading.read(pool.home, _terms(pool).pool_id)
        learned = msgspec.structs.replace(
            pool,
            tokens=known.tokens,
            fee_pips=quotient_up(known.state.fee * PIPS, ONE),
            terms=BalancerTerms(_terms(pool).pool_id, known.providers),
        )
        return Learned(learned, known.state)

    def refresh(self, pool: Pool, state: PoolState) -> Reading:
        own, providers = _own(pool, state), _terms(pool).providers
        if isinstance(own, StablePool) and len(providers) == len(own.rates):
            return (yield from reading.refresh(providers, own))
        return (yield from self.read(pool))

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        after = None if state is None else _own(pool, state)
        for log in logs:
            if after is None:
                return None
            after = events.follow(pool, after, log, timestamp)
        return after

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return isinstance(state, StablePool) and any(state.rates)

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
        i, j = _places(pool, token_in, token_out)
        found, after = events.exchange(_own(pool, state), i, j, amount, timestamp, exact_out)
        spent, bought = (found, amount) if exact_out else (amount, found)
        if not spent or not bought:
            raise ChainDataError(f"pool {pool.address} pays {bought} for {spent}")
        return SwapResult(spent, bought, after)

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> FloatCurve:
        own, (i, j) = _own(pool, state), _places(pool, token_in, token_out)
        fee, totals = own.fee / ONE, own.balances.totals
        if isinstance(own, WeightedPool):
            return WeightedCurve(totals[i], totals[j], own.weights[i] / own.weights[j], fee, MAX_RATIO / ONE)
        factors = [scale * rate_of(cache) for scale, cache in zip(own.scales, own.rates, strict=True)]
        scaled = [mul_down(total, factor) for total, factor in zip(totals, factors, strict=True)]
        kept, amp = without(scaled, own.share_index), own.amplification(timestamp)
        if not all(kept):
            raise ChainDataError(f"pool {pool.address} has not all of its tokens")
        return StableCurve(
            kept,
            balancer_stable_math.invariant(amp, kept),
            amp * len(kept) / balancer_stable_math.AMP_UNIT,
            (_beside(own, i), _beside(own, j)),
            (factors[i] / ONE, factors[j] / ONE),
            fee,
            _outside(own),
        )

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        """Of a pool's own shares, those that are not its own: what can come back."""
        own = _own(pool, state)
        totals = list(own.balances.totals)
        if isinstance(own, StablePool) and own.share_index != NO_SHARES:
            totals[own.share_index] = _outside(own)
        return tuple(totals)

    def gas(self, pool: Pool, state: PoolState) -> int:
        if isinstance(state, WeightedPool):
            return GAS_WEIGHTED
        return GAS_STABLE + GAS_STABLE_TOKEN * len(pool.tokens)

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        if _own(pool, state).paused:
            return "paused"
        return "" if all(self.holdings(pool, state)) else "no liquidity"

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """The vault, and the pool's id."""
        return int(pool.home, 16), int(_terms(pool).pool_id, 16)


def _beside(own: StablePool, k: int) -> int | None:
    """The place of token ``k`` among those that are not the pool's shares; ``None`` for these."""
    return None if k == own.share_index else k - (0 <= own.share_index < k)


def _outside(own: StablePool) -> int:
    return 0 if own.shares is None else own.shares.total_supply - own.balances.totals[own.share_index]


def _places(pool: Pool, token_in: Address, token_out: Address) -> tuple[int, int]:
    if token_in not in pool.tokens or token_out not in pool.tokens or token_in == token_out:
        raise ChainDataError(f"pool {pool.address} does not trade {token_in} for {token_out}")
    return pool.tokens.index(token_in), pool.tokens.index(token_out)


def _terms(pool: Pool) -> BalancerTerms:
    if not isinstance(pool.terms, BalancerTerms) or len(pool.terms.pool_id) != _POOL_ID_HEX:
        raise ChainDataError(f"pool {pool.address} has no id of the vault, expected one of 32 bytes")
    return pool.terms


def _own(pool: Pool, state: PoolState) -> WeightedPool | StablePool:
    if not isinstance(state, WeightedPool | StablePool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
