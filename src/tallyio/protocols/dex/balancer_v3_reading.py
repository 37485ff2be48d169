"""A Balancer v3 pool's state from view calls of the vault and of the pool. Pools with hooks on swaps are refused."""

from collections.abc import Generator

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.families.balancer_v3 import Stable, V3Pool, Weighted
from tallyio.protocols.dex.family import Call

_TOKEN_INFO, _TOKEN_RATES, _CONFIG, _HOOKS = (
    selector(f"get{name}(address)") for name in ("PoolTokenInfo", "PoolTokenRates", "PoolConfig", "HooksConfig")
)
_VAULT_PAUSED, _MIN_TRADE = selector("isVaultPaused()"), selector("getMinimumTradeAmount()")
_WEIGHTS, _GRADUAL = selector("getNormalizedWeights()"), selector("getGradualWeightUpdateParams()")
_AMP, _LEAST = selector("getAmplificationParameter()"), selector("getMinTokenBalances()")
_CONFIG_WORDS, _HOOK_WORDS = 13, 11
_SWAP_HOOKS = slice(3, 6)
"""Of the hooks' flags: a fee of its own, before and after a swap."""


def read(
    vault: Address, pool: Address
) -> Generator[list[Call], list[bytes | None], tuple[tuple[Address, ...], V3Pool]]:
    """The pool's tokens in the vault's order, and its state. Raises ``ChainDataError`` for one not to be used."""
    own = int(pool, 16)
    answers = yield [
        *((vault, calldata(view, own)) for view in (_TOKEN_INFO, _TOKEN_RATES, _CONFIG, _HOOKS)),
        *((vault, view) for view in (_VAULT_PAUSED, _MIN_TRADE)),
        *((pool, view) for view in (_WEIGHTS, _GRADUAL, _AMP, _LEAST)),
    ]
    info, told_rates, config, hooks, vault_paused, min_trade, weights, gradual, amp, least = answers
    if any(answered(hooks, _HOOK_WORDS, pool)[_SWAP_HOOKS]):
        raise ChainDataError("a hook of its own acts on swaps")
    flags = answered(config, _CONFIG_WORDS, pool)
    fee, swap_part, yield_part = flags[4:7]
    initialized, paused, recovery = flags[10:13]
    if not initialized:
        raise ChainDataError("it has no first liquidity yet")
    tokens = tuple(Address(f"0x{word:040x}") for word in _array(info, 0, pool))
    raw, live = (tuple(_array(info, place, pool)) for place in (2, 3))
    kinds = _array(info, 1, pool, width=3)
    taxed = tuple(bool(kinds[3 * k]) and bool(kinds[3 * k + 2]) for k in range(len(tokens)))
    scales, rates = (tuple(_array(told_rates, place, pool)) for place in (0, 1))
    rule: Weighted | Stable
    if weights is not None:
        if gradual is not None:
            raise ChainDataError("weights that change with time")
        rule = Weighted(tuple(_array(weights, 0, pool)), tuple(_array(least, 0, pool)) if least else ())
    elif amp is not None:
        value, ramping, _ = answered(amp, 3, pool)
        if ramping:
            raise ChainDataError("its amplification is changing; where to, only the event told that started it")
        rule = Stable(value, value)
    else:
        raise ChainDataError("neither a weighted nor a stable pool")
    state = V3Pool(
        rule=rule,
        raw=raw,
        live=live,
        scales=scales,
        rates=rates,
        fee=fee,
        aggregate_swap_fee=swap_part,
        aggregate_yield_fee=yield_part,
        taxed=taxed,
        recovery_mode=bool(recovery),
        paused=bool(paused) or bool(answered(vault_paused, 1, vault)[0]),
        min_trade=answered(min_trade, 1, vault)[0],
    )
    return tokens, state


def refresh(vault: Address, pool: Address, state: V3Pool) -> Generator[list[Call], list[bytes | None], V3Pool]:
    """The state at the rates that the tokens' providers tell now."""
    (told,) = yield [(vault, calldata(_TOKEN_RATES, int(pool, 16)))]
    return msgspec.structs.replace(state, rates=tuple(_array(told, 1, pool)))


def _array(answer: bytes | None, place: int, source: Address, width: int = 1) -> list[int]:
    """The array whose offset is the word number ``place``; its elements have ``width`` words."""
    at = answered(answer, place + 1, source)[place]
    tail = (answer or b"")[at:]
    (count,) = answered(tail, 1, source)
    return answered(tail[32:], count * width, source)
