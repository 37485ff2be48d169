"""Recorded answers of Curve StableSwap-NG pools."""

from collections.abc import Callable
from functools import partial

from tallyio.app.verify.sheet import Sheet, answer
from tallyio.app.verify.ticks import Record
from tallyio.protocols.dex.families import stable_ng, stable_ng_views
from tallyio.protocols.dex.families.stable_ng import StableNgPool
from tallyio.protocols.dex.families.words import require

REBASING = 2
_LOW = 2**128 - 1


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, call = record["state"], record["call"]
    now, pool = state["timestamp"], pool_of(state, record["asset_types"])
    state_views(sheet, state, pool)
    for name, view in record["views"].items():
        ask = ask_view(pool, name, view, now)
        if ask:
            sheet.view(name, view, ask)
        else:
            sheet.missing.append(name)
    done = sheet.call(record["result"], lambda: swap(pool, call, now))
    if done is not None:
        sheet.same("result.value", record["result"]["value"], done[0])
        sheet.fields("state_after", record["state_after"], fields(done[1], now))


def swap(pool: StableNgPool, call: Record, now: int) -> tuple[int, StableNgPool]:
    if call["method"] == "exchange_received":
        require(not pool.rebasing, "exchange_received needs coins that do not rebase")
    dy, after = stable_ng.exchange(pool, call["i"], call["j"], call["dx"], now)
    require(dy >= call["min_dy"], "Exchange resulted in fewer coins than expected")
    return dy, after


def ask_view(pool: StableNgPool, name: str, view: Record, now: int) -> Callable[[], object] | None:
    match name:
        case "get_dy":
            return partial(stable_ng_views.get_dy, pool, view["i"], view["j"], view["dx"], now)
        case "get_dx":
            return partial(stable_ng_views.get_dx, pool, view["i"], view["j"], view["dy"], now)
        case "dynamic_fee":
            return partial(stable_ng_views.dynamic_fee, pool, view["i"], view["j"])
        case "calc_token_amount":
            return partial(stable_ng_views.calc_token_amount, pool, view["amounts"], view["is_deposit"], now)
        case "calc_withdraw_one_coin":
            return partial(stable_ng_views.calc_withdraw_one_coin, pool, view["burn_amount"], view["i"], now)
    return None


def state_views(sheet: Sheet, state: Record, pool: StableNgPool) -> None:
    """The views that were read with the state."""
    found = fields(pool, state["timestamp"])
    names = ("A_precise", "price_oracle", "get_p", "virtual_price")
    sheet.fields("state", {name: state[name] for name in names}, found)


def pool_of(state: Record, asset_types: list[int]) -> StableNgPool:
    d_oracle = state["D_oracle"] if isinstance(state["D_oracle"], int) else 0
    return StableNgPool(
        balances=tuple(state["balances"]),
        admin_balances=tuple(state["admin_balances"]),
        rates=tuple(state["rates"]),
        initial_a=state["initial_A"],
        future_a=state["future_A"],
        initial_a_time=state["initial_A_time"],
        future_a_time=state["future_A_time"],
        fee=state["fee"],
        off_peg_multiplier=state["offpeg_fee_multiplier"],
        total_supply=state["total_supply"],
        price_window=state["ma_exp_time"],
        d_window=state["D_ma_time"],
        price_time=state["ma_last_time"] & _LOW,
        d_time=state["ma_last_time"] >> 128,
        last_price=tuple(state["last_price"]),
        ema_price=tuple(state["ema_price"]),
        last_d=d_oracle,  # records hold the average at their own time only; there it is both
        ema_d=d_oracle,
        rebasing=REBASING in asset_types,
    )


def fields(pool: StableNgPool, now: int) -> dict[str, object]:
    price = [
        stable_ng.average(last, ema, pool.price_window, pool.price_time, now)
        for last, ema in zip(pool.last_price, pool.ema_price, strict=True)
    ]
    return {
        "timestamp": now,
        "balances": list(pool.balances),
        "admin_balances": list(pool.admin_balances),
        "rates": list(pool.rates),
        "A_precise": pool.amplification(now),
        "initial_A": pool.initial_a,
        "future_A": pool.future_a,
        "initial_A_time": pool.initial_a_time,
        "future_A_time": pool.future_a_time,
        "fee": pool.fee,
        "offpeg_fee_multiplier": pool.off_peg_multiplier,
        "total_supply": pool.total_supply,
        "ma_exp_time": pool.price_window,
        "D_ma_time": pool.d_window,
        "ma_last_time": pool.price_time | pool.d_time << 128,
        "last_price": list(pool.last_price),
        "ema_price": list(pool.ema_price),
        "virtual_price": answer(partial(stable_ng.virtual_price, pool, now)),
        "D_oracle": stable_ng.average(pool.last_d, pool.ema_d, pool.d_window, pool.d_time, now),
        "price_oracle": price,
        "get_p": answer(lambda: list(stable_ng.spot_prices(pool, now))),
    }
