"""The state of a Curve crypto pool from its views."""

from collections.abc import Generator

from tallyio.core.pools import Pool
from tallyio.core.units import UINT64_MAX, UINT128_MAX, Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.family import Call, Refused
from tallyio.protocols.dex.words import address_word

CLOCK = Address("0xca11bde05977b3631167028862be2a173976ca11"), selector("getCurrentBlockTimestamp()")
"""Multicall3, on every chain at this address: an average is what is stored only at the time of the last trade."""
VERSION = "v2.0.0"
_VERSION, _COINS, _BALANCES = selector("version()"), selector("coins(uint256)"), selector("balances(uint256)")
_PRECISIONS = selector("precisions()")
_TIMES = selector("last_timestamp()"), selector("last_prices_timestamp()")
_WORDS = tuple(
    selector(f"{name}()")
    for name in (
        *("totalSupply", "D", "xcp_profit", "virtual_price", "packed_rebalancing_params", "packed_fee_params"),
        *("initial_A_gamma", "initial_A_gamma_time", "future_A_gamma", "future_A_gamma_time"),
    )
)
_PRICES = "price_scale", "price_oracle", "last_prices"


def reading(
    pool: Pool, known: CryptoPool | None = None
) -> Generator[list[Call], list[bytes | None], tuple[CryptoPool, bool] | Refused]:
    """The state, and whether the pool keeps an average of its worth; of a pool ``known``, its averages stand as long
    as no trade moved them."""
    at, n = pool.address, len(pool.tokens)
    prices = _price_calls(n)
    asked = [(at, calldata(name, k)) for name in (_COINS, _BALANCES) for k in range(n)]
    names = (_VERSION, _PRECISIONS, *_TIMES, *_WORDS)
    told = yield [CLOCK, *asked, *((at, name) for name in names), *((at, data) for data in prices)]
    clock, coins, balances, rest = told[0], told[1 : n + 1], told[n + 1 : 2 * n + 1], told[2 * n + 1 :]
    if (version := _text(rest[0])) != VERSION:
        return Refused(f"version {version or 'not told'} of its code, expected {VERSION}")
    if (found := tuple(address_word(answered(coin, 1, at)[0]) for coin in coins)) != pool.tokens:
        return Refused(f"its contract trades {' and '.join(found)}, its factory told {' and '.join(pool.tokens)}")
    windowed = bool(rest[2])
    price_time = answered(rest[2] if windowed else rest[3], 1, at)[0] & UINT128_MAX
    words = [answered(answer, 1, at)[0] for answer in rest[4:]]
    supply, d, profit, virtual_price, rebalancing, fees, first, first_time, last, last_time = words[: len(_WORDS)]
    scale, oracle, prices_last = (tuple(words[len(_WORDS) + part * (n - 1) :][: n - 1]) for part in range(len(_PRICES)))
    if not clock or int.from_bytes(clock[:32]) != price_time:
        oracle = known.price_oracle if known is not None and known.price_time == price_time else ()
    state = CryptoPool(
        balances=tuple(answered(balance, 1, at)[0] for balance in balances),
        precisions=tuple(answered(rest[1], n, at)),
        total_supply=supply,
        price_scale=scale,
        price_oracle=oracle,
        last_prices=prices_last,
        price_time=price_time,
        xcp_oracle=0,
        last_xcp=0,
        xcp_time=0,
        xcp_window=0,
        initial=(first >> 128, first & UINT128_MAX),
        initial_time=first_time,
        future=(last >> 128, last & UINT128_MAX),
        future_time=last_time,
        d=d,
        xcp_profit=profit,
        virtual_price=virtual_price,
        allowed_extra_profit=rebalancing >> 128,
        adjustment_step=rebalancing >> 64 & UINT64_MAX,
        price_window=rebalancing & UINT64_MAX,
        mid_fee=fees >> 128,
        out_fee=fees >> 64 & UINT64_MAX,
        fee_gamma=fees & UINT64_MAX,
    )
    return state, windowed


def _price_calls(n: int) -> list[bytes]:
    if n == 2:
        return [selector(f"{name}()") for name in _PRICES]
    return [calldata(selector(f"{name}(uint256)"), k) for name in _PRICES for k in range(n - 1)]


def _text(answer: bytes | None) -> str:
    """One string; empty where it is none."""
    if not answer or len(answer) < 64:
        return ""
    return answer[64 : 64 + min(int.from_bytes(answer[32:64]), 64)].decode(errors="replace")
