"""A Balancer v2 pool's state from view calls: which kind it is by what it answers, then what its kind depends on.

The vault lets anyone register any contract. What a pool answers is therefore put to the test: the vault's own quote of
a small swap must be what the model says.
"""

from collections.abc import Generator, Sequence
from itertools import product
from typing import NamedTuple

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, selector, signed_word
from tallyio.protocols.dex.families import balancer_stable, balancer_weighted
from tallyio.protocols.dex.families.balancer_shares import Shares
from tallyio.protocols.dex.families.balancer_stable import COMPOSABLE, FIRST, NO_SHARES, PLAIN, StablePool
from tallyio.protocols.dex.families.balancer_vault import VaultBalances
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.protocols.dex.families.rate_cache import RateCache
from tallyio.protocols.dex.families.words import SwapRefusedError
from tallyio.protocols.dex.family import Call

Answers = list[bytes | None]
State = WeightedPool | StablePool
SWAP_FEE_TYPE, YIELD_FEE_TYPE = 0, 2
MAX_DECIMALS = 18
_VIEW = Address("a pool's view")


_POOL_TOKENS = selector("getPoolTokens(bytes32)")
_TOKEN_INFO = selector("getPoolTokenInfo(bytes32,address)")
_PAUSED = selector("getPausedState()")
_DECIMALS = selector("decimals()")
_RATE = selector("getRate()")
_RATE_CACHE = selector("getTokenRateCache(address)")
_PRICE_RATE_CACHE = selector("getPriceRateCache(address)")
_EXEMPT = selector("isTokenExemptFromYieldProtocolFee(address)")
_FEE_CACHE = selector("getProtocolFeePercentageCache(uint256)")
_QUERY = selector(
    "queryBatchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[],(address,bool,address,bool))"
)
_VIEWS = (
    "getPausedState()",
    "getSwapFeePercentage()",
    "getNormalizedWeights()",
    "getGradualWeightUpdateParams()",
    "getAmplificationParameter()",
    "getMainToken()",
    "getBptIndex()",
    "getLastJoinExitData()",
    "getRateProviders()",
    "inRecoveryMode()",
    "totalSupply()",
    "version()",
)
_VIEW_CALLS = tuple(selector(view) for view in _VIEWS)


class Known(NamedTuple):
    """A pool as read: its tokens in the vault's order, who tells their rates (zero: nobody), and its state."""

    tokens: tuple[Address, ...]
    providers: tuple[Address, ...]
    state: State


class UnusablePoolError(ChainDataError):
    """A pool that no model speaks of; the message says why."""


def read(vault: Address, pool_id: str) -> Generator[list[Call], Answers, Known]:
    """Raises ``ChainDataError`` for a pool that is not to be used, with the reason."""
    pool, key = Address(pool_id[:42]), bytes.fromhex(pool_id[2:])
    first = yield [(vault, _POOL_TOKENS + key), *((pool, call) for call in _VIEW_CALLS), (vault, _PAUSED)]
    tokens = tuple(Address(f"0x{word:040x}") for word in _array(first[0], 0))
    views = dict(zip(_VIEWS, first[1:-1], strict=True))
    if any(_words(answer, 3)[0] for answer in (first[-1], views["getPausedState()"])):
        raise UnusablePoolError("it or its vault is paused")
    providers = _providers(views, tokens, pool)
    if len(tokens) < 2:
        raise UnusablePoolError(f"it has {len(tokens)} tokens")
    _require_known_kind(views)
    asked = _asked(vault, key, tokens, providers, views)
    answers = iter((yield [call for calls in asked.values() for call in calls]))
    told = {what: [next(answers) for _ in calls] for what, calls in asked.items()}
    state = _state(tokens, views, told)
    trial = _trial(state)
    if trial is not None:
        i, j, amount, expected = trial
        (answer,) = yield [(vault, _query(key, tokens, i, j, amount))]
        found = -signed_word(_words(answer, 4)[3]) if answer is not None else None
        if found not in expected:
            said = " or ".join(map(str, sorted(expected)))
            raise UnusablePoolError(f"the vault quotes {found} where pools of this kind pay {said}")
    return Known(tokens, tuple(providers), state)


def refresh(providers: Sequence[Address], state: StablePool) -> Generator[list[Call], Answers, StablePool]:
    """The state with the rates that ``providers`` tell now."""
    rated = [k for k, cache in enumerate(state.rates) if cache is not None]
    answers = yield [(providers[k], _RATE) for k in rated]
    told = dict(zip(rated, answers, strict=True))
    rates = tuple(
        cache and msgspec.structs.replace(cache, live=_words(told[k], 1)[0] if told[k] else None)
        for k, cache in enumerate(state.rates)
    )
    return msgspec.structs.replace(state, rates=rates)


def _require_known_kind(views: dict[str, bytes | None]) -> None:
    if views["getMainToken()"] is not None:
        raise UnusablePoolError("a linear pool: no event tells its wrapper's rate")
    if views["getGradualWeightUpdateParams()"] is not None:
        raise UnusablePoolError("weights that change with time")
    if views["getNormalizedWeights()"] is not None:
        return
    if views["getAmplificationParameter()"] is None:
        raise UnusablePoolError("neither a weighted nor a stable pool")
    if views["getBptIndex()"] is not None and views["getLastJoinExitData()"] is None:
        raise UnusablePoolError("a stable pool of the generation that traded its shares first")


def _asked(
    vault: Address, key: bytes, tokens: Sequence[Address], providers: Sequence[Address], views: dict[str, bytes | None]
) -> dict[str, list[Call]]:
    """What a pool of its kind is asked of each token, and of its fees; no more than its kind can tell."""
    pool, asked = Address("0x" + key[:20].hex()), dict[str, list[Call]]()
    asked["info"] = [(vault, _TOKEN_INFO + key + _word(token)) for token in tokens]
    asked["decimals"] = [(token, _DECIMALS) for token in tokens]
    if views["getNormalizedWeights()"] is None and views["getRateProviders()"] is not None:
        cache = _PRICE_RATE_CACHE if views["getLastJoinExitData()"] is None else _RATE_CACHE
        asked["caches"] = [(pool, cache + _word(token)) for token in tokens]
        asked["live"] = [(provider, _RATE) for provider in providers]
    if views["getBptIndex()"] is not None:
        asked["exempt"] = [(pool, _EXEMPT + _word(token)) for token in tokens]
        asked["fees"] = [(pool, _FEE_CACHE + _word(fee)) for fee in (SWAP_FEE_TYPE, YIELD_FEE_TYPE)]
    return asked


def _state(tokens: Sequence[Address], views: dict[str, bytes | None], told: dict[str, Answers]) -> State:
    held = [_words(answer, 2) for answer in told["info"]]
    balances = VaultBalances(tuple(cash for cash, _ in held), tuple(managed for _, managed in held))
    (fee,) = _words(views["getSwapFeePercentage()"], 1)
    scales = []
    for token, answer in zip(tokens, told["decimals"], strict=True):
        (places,) = _words(answer, 1)
        if places > MAX_DECIMALS:
            raise UnusablePoolError(f"token {token} has {places} decimals, expected {MAX_DECIMALS} at most")
        scales.append(10 ** (MAX_DECIMALS - places))
    if views["getNormalizedWeights()"] is not None:
        weights = tuple(_array(views["getNormalizedWeights()"], 0))
        fast = views["inRecoveryMode()"] is not None
        return WeightedPool(balances, tuple(scales), weights, fee, fast)
    amp, ramping, _ = _words(views["getAmplificationParameter()"], 3)
    if ramping:
        raise UnusablePoolError("its amplification is changing; where to, only the event told that started it")
    nothing: Answers = [None] * len(tokens)
    by_price = views["getLastJoinExitData()"] is None
    rates = _rates(told.get("caches", nothing), told.get("live", nothing), by_price)
    index, shares, kind = NO_SHARES, None, PLAIN if views["inRecoveryMode()"] is not None else FIRST
    if views["getBptIndex()"] is not None:
        (index,), kind = _words(views["getBptIndex()"], 1), COMPOSABLE
        last_amp, last_invariant = _words(views["getLastJoinExitData()"], 2)
        (supply,), (recovery,) = _words(views["totalSupply()"], 1), _words(views["inRecoveryMode()"], 1)
        swap_fee, yield_fee = (_words(answer, 1)[0] for answer in told["fees"])
        flags = tuple(bool(_words(answer, 1)[0]) for k, answer in enumerate(told["exempt"]) if k != index)
        first = views["version()"] is None
        shares = Shares(supply, last_amp, last_invariant, swap_fee, yield_fee, flags, bool(recovery), first)
    return StablePool(kind, balances, tuple(scales), fee, amp, amp, 0, 0, tuple(rates), False, index, shares)


def _rates(caches: Sequence[bytes | None], live: Sequence[bytes | None], by_price: bool) -> list[RateCache | None]:
    found: list[RateCache | None] = []
    for answer, said in zip(caches, live, strict=True):
        if answer is None or (by_price and not any(answer)):
            found.append(None)
            continue
        rate, *old, duration, expires = _words(answer, 3 if by_price else 4)
        found.append(RateCache(rate, old[0] if old else 0, duration, expires, _words(said, 1)[0] if said else None))
    return found


def _providers(views: dict[str, bytes | None], tokens: Sequence[Address], pool: Address) -> list[Address]:
    """One for each token, the zero address for those without: some generations leave the shares' out."""
    said = views["getRateProviders()"]
    found = [Address(f"0x{word:040x}") for word in _array(said, 0)] if said else []
    if len(found) == len(tokens) - 1 and pool in tokens:
        found.insert(tokens.index(pool), Address("0x" + "00" * 20))
    return found if len(found) == len(tokens) else [Address("0x" + "00" * 20)] * len(tokens)


def _trial(state: State) -> tuple[int, int, int, set[int]] | None:
    """A small swap: its tokens, its amount, and what it pays, by whichever of the kept rates have expired."""
    shares = state.share_index if isinstance(state, StablePool) else NO_SHARES
    i, j = [k for k in range(len(state.scales)) if k != shares][:2]
    amount = state.balances.totals[i] // 1000
    try:
        if isinstance(state, WeightedPool):
            return i, j, amount, {balancer_weighted.exchange(state, i, j, amount)[0]}
        choices = product(*(_kept_or_live(cache) for cache in state.rates))
        states = [msgspec.structs.replace(state, rates=rates) for rates in choices]
        return i, j, amount, {balancer_stable.exchange(each, i, j, amount, now=0)[0] for each in states}
    except SwapRefusedError:
        return None


def _kept_or_live(cache: RateCache | None) -> set[RateCache | None]:
    if cache is None or cache.live is None:
        return {cache}
    return {cache, msgspec.structs.replace(cache, rate=cache.live)}


def _query(key: bytes, tokens: Sequence[Address], i: int, j: int, amount: int) -> bytes:
    """``queryBatchSwap`` of one step between two assets."""
    step = key + _word(0) + _word(1) + _word(amount) + _word(5 * 32) + _word(0)
    steps = _word(1) + _word(32) + step
    assets = _word(2) + _word(tokens[i]) + _word(tokens[j])
    head = _word(0) + _word(7 * 32) + _word(7 * 32 + len(steps)) + _word(0) * 4
    return _QUERY + head + steps + assets


def _word(value: int | Address) -> bytes:
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)


def _words(answer: bytes | None, count: int) -> list[int]:
    return answered(answer, count, _VIEW)


def _array(answer: bytes | None, place: int) -> list[int]:
    """The array whose offset is the word number ``place``."""
    at = _words(answer, place + 1)[place]
    tail = (answer or b"")[at:]
    (count,) = _words(tail, 1)
    return _words(tail[32:], count)
