"""What the events of Balancer v2's vault and pools do to a pool's state.

A swap is done again on the exact model and must come out as the event says. Joins and exits of a pool that trades its
own shares, and whatever else an event does not tell whole, ask for a new reading (``None``).
"""

from collections.abc import Callable
from contextlib import suppress

import msgspec

from tallyio.chains.keccak import keccak256
from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool
from tallyio.core.units import Address
from tallyio.protocols.dex.answers import signed_word
from tallyio.protocols.dex.families import balancer_stable, balancer_weighted
from tallyio.protocols.dex.families.balancer_stable import StablePool
from tallyio.protocols.dex.families.balancer_vault import VaultBalances
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.protocols.dex.families.words import SwapRefusedError
from tallyio.protocols.dex.words import address_word, topic, words

State = WeightedPool | StablePool


def event_topic(event: str) -> str:
    return "0x" + keccak256(event.encode()).hex()


TOKENS_REGISTERED = event_topic("TokensRegistered(bytes32,address[],address[])")
"""Of the vault; all pools here announce their tokens at once, when they are made."""
SWAP = event_topic("Swap(bytes32,address,address,uint256,uint256)")
POOL_BALANCE_CHANGED = event_topic("PoolBalanceChanged(bytes32,address,address[],int256[],uint256[])")
POOL_BALANCE_MANAGED = event_topic("PoolBalanceManaged(bytes32,address,address,int256,int256)")
SWAP_FEE_CHANGED = event_topic("SwapFeePercentageChanged(uint256)")
PAUSED = event_topic("PausedStateChanged(bool)")
"""Of a pool, and of the vault for all of its pools."""
AMP_STARTED = event_topic("AmpUpdateStarted(uint256,uint256,uint256,uint256)")
AMP_STOPPED = event_topic("AmpUpdateStopped(uint256)")
RATE_CACHED = event_topic("TokenRateCacheUpdated(uint256,uint256)")
PRICE_RATE_CACHED = event_topic("PriceRateCacheUpdated(address,uint256)")
_READ_ANEW = (
    "TokensDeregistered(bytes32,address[])",
    "TokenRateProviderSet(uint256,address,uint256)",
    "PriceRateProviderSet(address,address,uint256)",
    "RecoveryModeStateChanged(bool)",
    "ProtocolFeePercentageCacheUpdated(uint256,uint256)",
)
VAULT_EVENTS = frozenset({TOKENS_REGISTERED, SWAP, POOL_BALANCE_CHANGED, POOL_BALANCE_MANAGED})


def exchange(
    state: State, i: int, j: int, amount: int, timestamp: int, exact_out: bool
) -> tuple[int, WeightedPool | StablePool]:
    """The exact model of whichever kind ``state`` is of."""
    if isinstance(state, WeightedPool):
        return balancer_weighted.exchange(state, i, j, amount, exact_out=exact_out)
    return balancer_stable.exchange(state, i, j, amount, timestamp, exact_out=exact_out)


def follow(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    """The state after one event. Raises ``ChainDataError`` for a swap that the model does not make."""
    return HANDLERS[log.topics[0]](pool, state, log, timestamp)


def _swap(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    amount_in, amount_out = words(log, 4, 2)
    i, j = (_place(pool, address_word(topic(log, k))) for k in (2, 3))
    made: list[State] = []
    for amount, other, exact_out in ((amount_in, amount_out, False), (amount_out, amount_in, True)):
        with suppress(SwapRefusedError):
            found, after = exchange(state, i, j, amount, timestamp, exact_out)
            if found == other and after not in made:
                made.append(after)
    if made:
        return made[0] if len(made) == 1 else None  # shares: which amount was given makes a difference, unsaid here
    raise ChainDataError(
        f"pool {pool.address} took {amount_in} of {pool.tokens[i]} for {amount_out} of {pool.tokens[j]} in transaction "
        f"{log.tx_hash}, which its model does not make of the state before"
    )


def _balances_changed(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    if isinstance(state, StablePool) and state.shares is not None:
        return None
    data = [int.from_bytes(log.data[k : k + 32]) for k in range(0, len(log.data), 32)]
    n = len(pool.tokens)
    if len(data) != 3 + 3 * (1 + n):
        raise ChainDataError(f"log {log.log_index} of transaction {log.tx_hash}: balances of another number of tokens")
    deltas, fees = data[5 + n : 5 + 2 * n], data[6 + 2 * n :]
    cash = [held + signed_word(delta) - fee for held, delta, fee in zip(state.balances.cash, deltas, fees, strict=True)]
    return _with(state, balances=VaultBalances(tuple(cash), state.balances.managed))


def _managed(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    k, (cash_delta, managed_delta) = _place(pool, address_word(topic(log, 3))), words(log, 4, 2)
    cash, managed = list(state.balances.cash), list(state.balances.managed)
    cash[k] += signed_word(cash_delta)
    managed[k] += signed_word(managed_delta)
    return _with(state, balances=VaultBalances(tuple(cash), tuple(managed)))


def _fee(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    (fee,) = words(log, 1, 1)
    return _with(state, fee=fee)


def _amp_started(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    first, last, start, end = words(log, 1, 4)
    return _with(state, initial_amp=first, future_amp=last, initial_amp_time=start, future_amp_time=end)


def _amp_stopped(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    (amp,) = words(log, 1, 1)
    return _with(state, initial_amp=amp, future_amp=amp, initial_amp_time=0, future_amp_time=0)


def _rate_cached(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    (rate,) = words(log, 2, 1)
    by_token = log.topics[0] == PRICE_RATE_CACHED
    k = _place(pool, address_word(topic(log, 1))) if by_token else topic(log, 1)
    if not isinstance(state, StablePool) or k >= len(state.rates):
        return None
    cache = state.rates[k]
    if cache is None:
        return None
    moved = msgspec.structs.replace(cache, rate=rate, live=rate, expires=timestamp + cache.duration)
    return _with(state, rates=(*state.rates[:k], moved, *state.rates[k + 1 :]))


def _unknown(pool: Pool, state: State, log: Log, timestamp: int) -> State | None:
    return None


def _with(state: State, **changes: object) -> State:
    return msgspec.structs.replace(state, **changes)


def _place(pool: Pool, token: Address) -> int:
    try:
        return pool.tokens.index(token)
    except ValueError:
        raise ChainDataError(f"pool {pool.address} has no token {token}") from None


Handler = Callable[[Pool, State, Log, int], State | None]
HANDLERS: dict[str, Handler] = {
    SWAP: _swap,
    POOL_BALANCE_CHANGED: _balances_changed,
    POOL_BALANCE_MANAGED: _managed,
    SWAP_FEE_CHANGED: _fee,
    PAUSED: _unknown,
    AMP_STARTED: _amp_started,
    AMP_STOPPED: _amp_stopped,
    RATE_CACHED: _rate_cached,
    PRICE_RATE_CACHED: _rate_cached,
    TOKENS_REGISTERED: _unknown,
    **{event_topic(event): _unknown for event in _READ_ANEW},
}
