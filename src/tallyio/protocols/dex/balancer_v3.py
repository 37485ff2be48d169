"""Balancer v3: weighted and stable pools that one vault holds and trades. Pools with hooks on swaps are refused."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import BALANCER_V3, Pool, PoolState, Terms
from tallyio.core.units import PIPS, Address
from tallyio.hot_path.curve import FloatCurve
from tallyio.protocols.dex import balancer_v3_reading as reading
from tallyio.protocols.dex.balancer_buffers import BalancerBuffers
from tallyio.protocols.dex.balancer_curves import StableCurve, WeightedCurve
from tallyio.protocols.dex.balancer_v2_events import AMP_STARTED, AMP_STOPPED, event_topic
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families import balancer_stable_math
from tallyio.protocols.dex.families import balancer_v3 as model
from tallyio.protocols.dex.families.balancer_v3 import Stable, V3Pool, Weighted
from tallyio.protocols.dex.families.balancer_weighted import MAX_RATIO
from tallyio.protocols.dex.families.fixed_point import ONE, quotient_up
from tallyio.protocols.dex.families.words import SwapRefusedError
from tallyio.protocols.dex.family import Family, Learned, Reading, SwapResult
from tallyio.protocols.dex.words import address_word, topic, words

POOL_REGISTERED = event_topic(
    "PoolRegistered(address,address,(address,uint8,address,bool)[],uint256,uint32,(address,address,address),"
    "(bool,bool,bool,bool,bool,bool,bool,bool,bool,bool,address),(bool,bool,bool,bool))"
)
SWAP = event_topic("Swap(address,address,address,uint256,uint256,uint256,uint256)")
SWAP_FEE_CHANGED = event_topic("SwapFeePercentageChanged(address,uint256)")
_READ_ANEW = tuple(
    event_topic(event)
    for event in (
        "PoolInitialized(address)",
        "LiquidityAdded(address,address,uint8,uint256,uint256[],uint256[])",
        "LiquidityRemoved(address,address,uint8,uint256,uint256[],uint256[])",
        "PoolPausedStateChanged(address,bool)",
        "PoolRecoveryModeStateChanged(address,bool)",
        "AggregateSwapFeePercentageChanged(address,uint256)",
        "AggregateYieldFeePercentageChanged(address,uint256)",
    )
)
VAULT_PAUSED = event_topic("VaultPausedStateChanged(bool)")
BUFFERS_PAUSED = event_topic("VaultBuffersPausedStateChanged(bool)")
_BUFFERS = BalancerBuffers()
_OF_POOL = (AMP_STARTED, AMP_STOPPED)
_HEAD, _TOKEN_WORDS, _MAX_TOKENS = 21, 4, 8


class BalancerV3Terms(Terms, frozen=True):
    """``rated``: whether any token counts at a rate, which no event tells."""

    rated: bool


class BalancerV3(Family):
    name = BALANCER_V3
    lends = True
    topics = frozenset({POOL_REGISTERED, SWAP, SWAP_FEE_CHANGED, *_READ_ANEW, *_OF_POOL}) | _BUFFERS.topics
    everywhere = frozenset({VAULT_PAUSED, BUFFERS_PAUSED})
    typical_gas = 120_000
    read_first = True

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        """Also the buffers that the vault holds, which are of a family of their own."""
        if not log.topics or log.topics[0] != POOL_REGISTERED:
            return _BUFFERS.discover(log, deployment)
        found = [int.from_bytes(log.data[k : k + 32]) for k in range(0, len(log.data), 32)]
        count = found[_HEAD] if len(found) > _HEAD else 0
        if not 1 < count <= _MAX_TOKENS or len(found) < _HEAD + 1 + count * _TOKEN_WORDS:
            raise ChainDataError(f"the vault {log.address} announced a pool with {count} tokens")
        configured = [found[_HEAD + 1 + k * _TOKEN_WORDS :][:_TOKEN_WORDS] for k in range(count)]
        return Pool(
            address=address_word(topic(log, 1)),
            family=BALANCER_V3,
            protocol=deployment.protocol,
            tokens=tuple(address_word(token) for token, *_ in configured),
            fee_pips=quotient_up(found[1] * PIPS, ONE),
            home=log.address,
            terms=BalancerV3Terms(any(kind for _, kind, *_ in configured)),
        )

    def key(self, log: Log) -> Address | None:
        if log.topics[0] in _BUFFERS.topics:
            return _BUFFERS.key(log)
        if log.topics[0] in _OF_POOL:
            return log.address
        return address_word(topic(log, 1)) if len(log.topics) > 1 else None

    def read(self, pool: Pool) -> Reading:
        tokens, state = yield from reading.read(pool.home, pool.address)
        return Learned(msgspec.structs.replace(pool, tokens=tokens), state)

    def refresh(self, pool: Pool, state: PoolState) -> Reading:
        return (yield from reading.refresh(pool.home, pool.address, _own(pool, state)))

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        after = None if state is None else _own(pool, state)
        for log in logs:
            follow = _HANDLERS.get(log.topics[0])
            if after is None or follow is None:
                return None
            after = follow(pool, after, log, timestamp)
        return after

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return isinstance(pool.terms, BalancerV3Terms) and pool.terms.rated

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
        found, after = model.exchange(_own(pool, state), i, j, amount, timestamp, exact_out=exact_out)
        spent, bought = (found, amount) if exact_out else (amount, found)
        if not spent or not bought:
            raise ChainDataError(f"pool {pool.address} pays {bought} for {spent}")
        return SwapResult(spent, bought, after)

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> FloatCurve:
        own, (i, j) = model.settled(_own(pool, state)), _places(pool, token_in, token_out)
        if isinstance(own.rule, Weighted):
            exponent = own.rule.weights[i] / own.rule.weights[j]
            return WeightedCurve(own.raw[i], own.raw[j], exponent, own.fee / ONE, MAX_RATIO / ONE)
        if not all(own.live):
            raise ChainDataError(f"pool {pool.address} has not all of its tokens")
        amp = own.rule.amplification(timestamp)
        return StableCurve(
            own.live,
            balancer_stable_math.invariant(amp, own.live),
            amp * len(own.live) / balancer_stable_math.AMP_UNIT,
            (i, j),
            (own.scales[i] * own.rates[i] / ONE, own.scales[j] * own.rates[j] / ONE),
            own.fee / ONE,
        )

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return _own(pool, state).raw

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        own = _own(pool, state)
        if own.paused:
            return "paused"
        return "" if all(own.raw) else "no liquidity"

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """The vault."""
        return (int(pool.home, 16),)


def _swap(pool: Pool, state: V3Pool, log: Log, timestamp: int) -> V3Pool | None:
    amount_in, amount_out, fee, _ = words(log, 4, 4)
    i, j = _places(pool, address_word(topic(log, 2)), address_word(topic(log, 3)))
    made: list[V3Pool] = []
    for amount, other, exact_out in ((amount_in, amount_out, False), (amount_out, amount_in, True)):
        with suppress(SwapRefusedError):
            found, after = model.exchange(state, i, j, amount, timestamp, exact_out=exact_out)
            if found == other and fee == state.fee and after not in made:
                made.append(after)
    if made:
        return made[0] if len(made) == 1 else None  # the fee kept depends on which amount was given, unsaid here
    raise ChainDataError(
        f"pool {pool.address} took {amount_in} of {pool.tokens[i]} for {amount_out} of {pool.tokens[j]} in transaction "
        f"{log.tx_hash}, which its model does not make of the state before"
    )


def _fee(pool: Pool, state: V3Pool, log: Log, timestamp: int) -> V3Pool | None:
    (fee,) = words(log, 2, 1)
    return msgspec.structs.replace(state, fee=fee)


def _amplification(pool: Pool, state: V3Pool, log: Log, timestamp: int) -> V3Pool | None:
    if log.topics[0] == AMP_STARTED:
        return msgspec.structs.replace(state, rule=Stable(*words(log, 1, 4)))
    (amp,) = words(log, 1, 1)
    return msgspec.structs.replace(state, rule=Stable(amp, amp))


_HANDLERS: dict[str, Callable[[Pool, V3Pool, Log, int], V3Pool | None]] = {
    SWAP: _swap,
    SWAP_FEE_CHANGED: _fee,
    AMP_STARTED: _amplification,
    AMP_STOPPED: _amplification,
}


def _places(pool: Pool, token_in: Address, token_out: Address) -> tuple[int, int]:
    if token_in not in pool.tokens or token_out not in pool.tokens or token_in == token_out:
        raise ChainDataError(f"pool {pool.address} does not trade {token_in} for {token_out}")
    return pool.tokens.index(token_in), pool.tokens.index(token_out)


def _own(pool: Pool, state: PoolState) -> V3Pool:
    if not isinstance(state, V3Pool):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
