"""What the events of Curve's StableSwap-NG pools do to a pool's state, each judged by the exact model."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.protocols.dex.answers import event
from tallyio.protocols.dex.families import stable_ng, stable_ng_shares
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_math import ONE
from tallyio.protocols.dex.families.stable_ng import StableNgPool
from tallyio.protocols.dex.families.words import u256
from tallyio.protocols.dex.words import agree, words

PLAIN_DEPLOYED = event("PlainPoolDeployed(address[],uint256,uint256,address)")
META_DEPLOYED = event("MetaPoolDeployed(address,address,uint256,uint256,address)")
EXCHANGED = event("TokenExchange(address,int128,uint256,int128,uint256)")
ADDED = event("AddLiquidity(address,uint256[],uint256[],uint256,uint256)")
REMOVED = event("RemoveLiquidity(address,uint256[],uint256[],uint256)")
REMOVED_ONE = event("RemoveLiquidityOne(address,int128,uint256,uint256,uint256)")
REMOVED_UNEVEN = event("RemoveLiquidityImbalance(address,uint256[],uint256[],uint256,uint256)")
RAMPED = event("RampA(uint256,uint256,uint256,uint256)")
STOPPED = event("StopRampA(uint256,uint256)")
NEW_FEE = event("ApplyNewFee(uint256,uint256)")
TOPICS = frozenset({EXCHANGED, ADDED, REMOVED, REMOVED_ONE, REMOVED_UNEVEN, RAMPED, STOPPED, NEW_FEE})
Amplified = TypeVar("Amplified", StablePool, StableNgPool)


def whole(state: StableNgPool, now: int) -> StableNgPool:
    """The state with averages, which are not followed, so that the model can be run."""
    flat = (ONE,) * (len(state.balances) - 1)
    return msgspec.structs.replace(
        state, last_price=flat, ema_price=flat, price_window=1, d_window=1, price_time=now, d_time=now
    )


def bare(state: StableNgPool) -> StableNgPool:
    """The state without what is not followed: averages, and what is the administrators'."""
    return msgspec.structs.replace(
        state,
        admin_balances=(0,) * len(state.balances),
        price_window=0,
        d_window=0,
        price_time=0,
        d_time=0,
        last_price=(),
        ema_price=(),
        last_d=0,
        ema_d=0,
    )


def follow(state: StableNgPool, logs: Sequence[Log], now: int) -> StableNgPool | None:
    """The pool after its events; ``None`` where it must be read anew.

    Raises ``ChainDataError`` where the model answers otherwise than the contract did.
    """
    pool = whole(state, now)
    for log in logs:
        kind = log.topics[0]
        if kind == EXCHANGED:
            i, dx, j, dy = words(log, 2, 4)
            _known(log, pool, i, j)
            paid, pool = stable_ng.exchange(pool, i, j, dx, now)
            agree(log, dy, paid)
        elif kind == ADDED:
            amounts, supply = _amounts(log, pool, 4)
            if pool.total_supply:
                _, pool = stable_ng_shares.add_liquidity(pool, amounts, now)
            else:
                balances = tuple(a + b for a, b in zip(pool.balances, amounts, strict=True))
                pool = msgspec.structs.replace(pool, balances=balances, total_supply=supply)
            agree(log, supply, pool.total_supply)
        elif kind == REMOVED:
            amounts, supply = _amounts(log, pool, 3)
            balances = tuple(u256(a - b) for a, b in zip(pool.balances, amounts, strict=True))
            pool = msgspec.structs.replace(pool, balances=balances, total_supply=supply)
        elif kind == REMOVED_ONE:
            i, burned, paid, supply = words(log, 2, 4)
            _known(log, pool, i)
            ours, pool = stable_ng_shares.remove_liquidity_one_coin(pool, burned, i, now)
            agree(log, (paid, supply), (ours, pool.total_supply))
        elif kind == REMOVED_UNEVEN:
            return None
        else:
            pool = _set(pool, log)
    return bare(pool)


def _set(pool: StableNgPool, log: Log) -> StableNgPool:
    if log.topics[0] == NEW_FEE:
        fee, multiplier = words(log, 1, 2)
        return msgspec.structs.replace(pool, fee=fee, off_peg_multiplier=multiplier)
    return ramped(pool, log)


def ramped(pool: Amplified, log: Log) -> Amplified:
    """With what a ramp of the amplification, or the end of one, sets; as it is for other events."""
    if log.topics[0] == RAMPED:
        a, to, start, end = words(log, 1, 4)
        return msgspec.structs.replace(pool, initial_a=a, future_a=to, initial_a_time=start, future_a_time=end)
    if log.topics[0] == STOPPED:
        a, at = words(log, 1, 2)
        return msgspec.structs.replace(pool, initial_a=a, future_a=a, initial_a_time=at, future_a_time=at)
    return pool


def _known(log: Log, pool: StableNgPool, *coins: int) -> None:
    if max(coins) >= len(pool.balances):
        raise ChainDataError(f"{log.address}: an event about the coins {coins}, expected {len(pool.balances)} coins")


def _amounts(log: Log, pool: StableNgPool, head: int) -> tuple[tuple[int, ...], int]:
    """The first array of an event whose data begins with ``head`` words, and the supply, which is the last of them."""
    n, found = len(pool.balances), [int.from_bytes(log.data[k : k + 32]) for k in range(0, len(log.data), 32)]
    at = found[0] // 32 if found else 0
    if len(log.data) % 32 or at < head or at + n >= len(found) or found[at] != n:
        raise ChainDataError(f"{log.address}: an event of {len(found)} words, expected amounts of {n} coins")
    return tuple(found[at + 1 : at + 1 + n]), found[head - 1]
