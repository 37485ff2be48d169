"""Recorded answers of Curve Twocrypto-NG and Tricrypto-NG pools."""

from collections.abc import Callable
from functools import partial

from tallyio.app.verify.sheet import Sheet, answer
from tallyio.app.verify.ticks import Record
from tallyio.protocols.dex.families import crypto_pool, crypto_views
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.families.words import require

_LOW = 2**128 - 1
_WORD64 = 2**64 - 1
SAME = (
    "initial_A_gamma",
    "initial_A_gamma_time",
    "future_A_gamma",
    "future_A_gamma_time",
    "packed_rebalancing_params",
    "packed_fee_params",
    "xcp_ma_time",
    "xcp_profit_a",
    "last_admin_fee_claim_timestamp",
    "admin_lp_virtual_balance",
    "total_supply",
)
"""What an exchange leaves alone."""


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, call = record["state"], record["call"]
    now, pool = state["timestamp"], pool_of(state, record["decimals"])
    sheet.fields("state", {name: state[name] for name in VIEWS if name in state}, fields(pool, state))
    for name, view in record["views"].items():
        ask = ask_view(pool, name, view, now)
        if ask:
            sheet.view(name, view, ask)
        else:
            sheet.missing.append(name)

    def swap() -> tuple[int, CryptoPool]:
        dy, after = crypto_pool.exchange(pool, call["i"], call["j"], call["dx"], now)
        require(dy >= call["min_dy"], "Slippage")
        return dy, after

    done = sheet.call(record["result"], swap)
    if done is not None:
        sheet.same("result.value", record["result"]["value"], done[0])
        sheet.fields("state_after", record["state_after"], fields(done[1], state))


VIEWS = (
    *("A", "gamma", "mid_fee", "out_fee", "fee_gamma", "allowed_extra_profit", "adjustment_step", "ma_time", "fee"),
    *("price_scale", "price_oracle", "get_virtual_price", "lp_price", "xcp_oracle"),
)


def ask_view(pool: CryptoPool, name: str, view: Record, now: int) -> Callable[[], object] | None:
    match name:
        case "get_dy":
            return partial(crypto_views.get_dy, pool, view["i"], view["j"], view["dx"], now)
        case "get_dx":
            return partial(crypto_views.get_dx, pool, view["i"], view["j"], view["dy"], now)
        case "calc_token_amount":
            return partial(crypto_views.calc_token_amount, pool, view["amounts"], view["is_deposit"], now)
        case "calc_withdraw_one_coin":
            return partial(crypto_views.calc_withdraw_one_coin, pool, view["burn_amount"], view["i"], now)
    return None


def halves(word: int) -> tuple[int, int]:
    """The high and the low 128 bits."""
    return word >> 128, word & _LOW


def pair(word: int) -> tuple[int, int]:
    """Two packed values, the lower 128 bits first."""
    return word & _LOW, word >> 128


def packed_pair(values: tuple[int, ...]) -> int:
    return values[0] | values[-1] << 128


def plain(values: tuple[int, ...]) -> object:
    """As the contract's view gives them: one price alone, two as a list."""
    return list(values) if len(values) > 1 else values[0]


def thirds(word: int) -> tuple[int, int, int]:
    """Three values of 64 bits, the highest first."""
    return word >> 128 & _WORD64, word >> 64 & _WORD64, word & _WORD64


def pool_of(state: Record, decimals: list[int]) -> CryptoPool:
    profit, step, window = thirds(state["packed_rebalancing_params"])
    mid, out, fee_gamma = thirds(state["packed_fee_params"])
    xcp_time, price_time = halves(state["last_timestamp"]) if "last_timestamp" in state else (0, None)
    packed = "price_scale_packed" in state
    return CryptoPool(
        balances=tuple(state["balances"]),
        precisions=tuple(10 ** (18 - each) for each in decimals),
        total_supply=state["total_supply"],
        price_scale=pair(state["price_scale_packed"]) if packed else (state["cached_price_scale"],),
        price_oracle=pair(state["price_oracle_packed"]) if packed else (state["cached_price_oracle"],),
        last_prices=pair(state["last_prices_packed"]) if packed else (state["last_prices"],),
        price_time=state["last_prices_timestamp"] if price_time is None else price_time,
        xcp_oracle=state.get("cached_xcp_oracle", 0),
        last_xcp=state.get("last_xcp", 0),
        xcp_time=xcp_time,
        xcp_window=state.get("xcp_ma_time", 0),
        initial=halves(state["initial_A_gamma"]),
        initial_time=state["initial_A_gamma_time"],
        future=halves(state["future_A_gamma"]),
        future_time=state["future_A_gamma_time"],
        d=state["D"],
        xcp_profit=state["xcp_profit"],
        virtual_price=state["virtual_price"],
        allowed_extra_profit=profit,
        adjustment_step=step,
        price_window=window,
        mid_fee=mid,
        out_fee=out,
        fee_gamma=fee_gamma,
    )


def fields(pool: CryptoPool, before: Record) -> dict[str, object]:
    now = before["timestamp"]
    a, gamma = pool.a_gamma(now)
    return {name: before[name] for name in SAME if name in before} | {
        "timestamp": now,
        "balances": list(pool.balances),
        "cached_price_scale": pool.price_scale[0],
        "price_scale_packed": packed_pair(pool.price_scale),
        "cached_price_oracle": pool.price_oracle[0],
        "price_oracle_packed": packed_pair(pool.price_oracle),
        "last_prices": plain(pool.last_prices),
        "last_prices_packed": packed_pair(pool.last_prices),
        "last_prices_timestamp": pool.price_time,
        "cached_xcp_oracle": pool.xcp_oracle,
        "last_timestamp": pool.price_time | pool.xcp_time << 128,
        "last_xcp": pool.last_xcp,
        "D": pool.d,
        "xcp_profit": pool.xcp_profit,
        "virtual_price": pool.virtual_price,
        "A": a,
        "gamma": gamma,
        "mid_fee": pool.mid_fee,
        "out_fee": pool.out_fee,
        "fee_gamma": pool.fee_gamma,
        "allowed_extra_profit": pool.allowed_extra_profit,
        "adjustment_step": pool.adjustment_step,
        "ma_time": pool.price_window * 694 // 1000,
        "fee": answer(partial(crypto_views.present_fee, pool)),
        "price_scale": plain(pool.price_scale),
        "price_oracle": answer(lambda: plain(crypto_pool.oracle_prices(pool, now))),
        "get_virtual_price": answer(partial(crypto_views.virtual_price, pool)),
        "lp_price": answer(partial(crypto_views.lp_price, pool, now)),
        "xcp_oracle": answer(partial(crypto_pool.oracle_xcp, pool, now)) if pool.xcp_window else None,
    }
