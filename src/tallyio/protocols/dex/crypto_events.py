"""What the events of Curve's crypto pools do to a pool's state, each judged by the exact model."""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT128_MAX
from tallyio.protocols.dex.answers import event
from tallyio.protocols.dex.families import crypto_pool, crypto_shares
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.words import agree, words

TWO_DEPLOYED = event(
    "TwocryptoPoolDeployed(address,string,string,address[2],address,bytes32,uint256[2],uint256,uint256,uint256,uint256,address)"
)
THREE_DEPLOYED = event(
    "TricryptoPoolDeployed(address,string,string,address,address[3],address,bytes32,uint256,uint256,uint256,uint256,uint256,address)"
)
EXCHANGED = event("TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)")
ADDED = {n: event(f"AddLiquidity(address,uint256[{n}],uint256,uint256,uint256)") for n in (2, 3)}
REMOVED = {n: event(f"RemoveLiquidity(address,uint256[{n}],uint256)") for n in (2, 3)}
REMOVED_ONE = event("RemoveLiquidityOne(address,uint256,uint256,uint256,uint256,uint256)")
CLAIMED = {n: event(f"ClaimAdminFee(address,uint256{'' if n == 1 else f'[{n}]'})") for n in (1, 2, 3)}
RAMPED = event("RampAgamma(uint256,uint256,uint256,uint256,uint256,uint256)")
STOPPED = event("StopRampA(uint256,uint256,uint256)")
PARAMETERS = {n: event(f"NewParameters({','.join(['uint256'] * n)})") for n in (6, 7)}
TOPICS = frozenset(
    {EXCHANGED, REMOVED_ONE, RAMPED, STOPPED, *ADDED.values(), *REMOVED.values(), *CLAIMED.values(),
     *PARAMETERS.values()}
)  # fmt: skip


def follow(state: CryptoPool, logs: Sequence[Log], now: int, *, windowed: bool) -> CryptoPool | None:
    """The pool after its events; ``None`` where it must be read anew: after claims of the administrators and what
    claims on its way without a word of it, and where trades moved averages that are not known.

    Pools that are not ``windowed`` claim at every change of liquidity. Raises ``ChainDataError`` where the model
    answers otherwise than the contract did.
    """
    pool, n = state, len(state.balances)
    for log in logs:
        kind = log.topics[0]
        if kind == REMOVED_ONE or kind in CLAIMED.values():
            return None
        if kind == EXCHANGED:
            if not pool.price_oracle:
                return None
            i, dx, j, dy, _, scale = words(log, 2, 6)
            if max(i, j) >= n:
                raise ChainDataError(f"{log.address}: an event about the coins {i} and {j}, expected {n} coins")
            paid, pool = crypto_pool.exchange(pool, i, j, dx, now)
            agree(log, (dy, scale), (paid, packed(pool.price_scale)))
        elif kind == ADDED[n]:
            if not windowed or (pool.d and not pool.price_oracle):
                return None
            *amounts, _, supply, scale = words(log, 2, n + 3)
            _, pool = crypto_shares.add_liquidity(pool, tuple(amounts), now)
            agree(log, (supply, scale), (pool.total_supply, packed(pool.price_scale)))
        elif kind == REMOVED[n]:
            if not windowed:
                return None
            *amounts, supply = words(log, 2, n + 1)
            paid_all, pool = crypto_shares.remove_liquidity(pool, pool.total_supply - supply)
            agree(log, tuple(amounts), paid_all)
        else:
            pool = _set(pool, log)
    return pool


def packed(prices: tuple[int, ...]) -> int:
    """As the events tell the price scale: 128 bits a coin, the lowest first."""
    return sum(price << 128 * place for place, price in enumerate(prices))


def unpacked(word: int, n: int) -> tuple[int, ...]:
    return tuple(word >> 128 * place & UINT128_MAX for place in range(n))


def _set(pool: CryptoPool, log: Log) -> CryptoPool:
    kind = log.topics[0]
    if kind == RAMPED:
        a, to_a, gamma, to_gamma, start, end = words(log, 1, 6)
        return msgspec.structs.replace(
            pool, initial=(a, gamma), future=(to_a, to_gamma), initial_time=start, future_time=end
        )
    if kind == STOPPED:
        a, gamma, at = words(log, 1, 3)
        return msgspec.structs.replace(pool, initial=(a, gamma), future=(a, gamma), initial_time=at, future_time=at)
    for count, topic in PARAMETERS.items():
        if kind == topic:
            middle, outer, fee_gamma, profit, step, window = words(log, 1, count)[:6]
            return msgspec.structs.replace(
                pool,
                mid_fee=middle,
                out_fee=outer,
                fee_gamma=fee_gamma,
                allowed_extra_profit=profit,
                adjustment_step=step,
                price_window=window,
            )
    return pool
