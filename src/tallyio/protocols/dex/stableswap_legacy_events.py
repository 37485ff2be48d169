"""What the events of Curve's first StableSwap pools do to a pool's state, each judged by the exact model.

The shares are another contract's and not followed: an event that only they could judge has the pool read anew.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.protocols.dex.answers import event
from tallyio.protocols.dex.families import stable_legacy
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_math import FEE_UNIT
from tallyio.protocols.dex.families.words import div, u256
from tallyio.protocols.dex.stableswap_events import EXCHANGED, RAMPED, STOPPED, ramped
from tallyio.protocols.dex.words import agree, words

MOST_COINS = 8


def _of_coins(name: str, tail: str) -> frozenset[str]:
    """An event with two arrays, for each number of coins."""
    return frozenset(event(f"{name}(address,uint256[{n}],uint256[{n}],{tail})") for n in range(2, MOST_COINS + 1))


LISTED = event("PoolAdded(address,bytes)")
"""Of the registry."""
ADDED = _of_coins("AddLiquidity", "uint256,uint256")
REMOVED = _of_coins("RemoveLiquidity", "uint256")
REMOVED_UNEVEN = _of_coins("RemoveLiquidityImbalance", "uint256,uint256")
REMOVED_ONE = frozenset(
    event(f"RemoveLiquidityOne({types})") for types in ("address,uint256,uint256", "address,uint256,uint256,uint256")
)
"""They do not name the coin."""
NEW_FEE = event("NewFee(uint256,uint256)")
TOPICS = frozenset({EXCHANGED, RAMPED, STOPPED, NEW_FEE}) | ADDED | REMOVED | REMOVED_UNEVEN | REMOVED_ONE


def bare(state: StablePool) -> StablePool:
    """The state without what is not followed: the shares, and what is the administrators'."""
    return msgspec.structs.replace(state, admin_balances=(0,) * len(state.balances), total_supply=0)


def follow(state: StablePool, logs: Sequence[Log], now: int) -> StablePool | None:
    """The pool after its events; ``None`` where it must be read anew.

    Raises ``ChainDataError`` where the model answers otherwise than the contract did.
    """
    pool = state
    for log in logs:
        kind = log.topics[0]
        if kind == EXCHANGED:
            i, dx, j, dy = words(log, 2, 4)
            if max(i, j) >= len(pool.balances):
                raise ChainDataError(f"{log.address}: an event about the coins {i} and {j}, expected "
                                     f"{len(pool.balances)} coins")  # fmt: skip
            paid, pool = stable_legacy.exchange(pool, i, j, dx, now)
            agree(log, dy, paid)
        elif kind in ADDED:
            pool = _moved(pool, log, now, 1)
        elif kind in REMOVED_UNEVEN:
            pool = _moved(pool, log, now, -1)
        elif kind in REMOVED:
            found = words(log, 2, 2 * len(pool.balances) + 1)
            pool = _at(pool, [u256(a - b) for a, b in zip(pool.balances, found, strict=False)])
        elif kind in REMOVED_ONE:
            return None
        else:
            pool = _set(pool, log)
    return bare(pool)


def _moved(pool: StablePool, log: Log, now: int, sign: int) -> StablePool:
    """After a deposit or a withdrawal in given amounts: of its fees the administrators' part leaves the balances."""
    n = len(pool.balances)
    found = words(log, 2, 2 * n + 2)
    amounts, fees, told = found[:n], found[n : 2 * n], found[2 * n]
    counted = [u256(balance + sign * amount) for balance, amount in zip(pool.balances, amounts, strict=True)]
    invariant = pool.invariant(counted, now)
    agree(log, told, invariant)
    if any(fees):
        before, rate = pool.invariant(pool.balances, now), pool.fee * n // (4 * (n - 1))
        for balance, after, fee in zip(pool.balances, counted, fees, strict=True):
            ideal = div(u256(invariant * balance), before)
            agree(log, fee, u256(rate * abs(ideal - after)) // FEE_UNIT)
    kept = [u256(after - fee * pool.admin_fee // FEE_UNIT) for after, fee in zip(counted, fees, strict=True)]
    return _at(pool, kept)


def _set(pool: StablePool, log: Log) -> StablePool:
    if log.topics[0] == NEW_FEE:
        fee, admin_fee = words(log, 1, 2)
        return msgspec.structs.replace(pool, fee=fee, admin_fee=admin_fee)
    return ramped(pool, log)


def _at(pool: StablePool, balances: Sequence[int]) -> StablePool:
    return msgspec.structs.replace(pool, balances=tuple(balances))
