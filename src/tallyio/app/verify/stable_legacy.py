"""Recorded answers of Curve's first StableSwap pools: 3pool, the plain template, and meta pools over 3pool."""

from collections.abc import Callable
from functools import partial

from tallyio.app.verify.sheet import Sheet, answer
from tallyio.app.verify.ticks import Record
from tallyio.protocols.dex.families import stable_legacy, stable_legacy_meta
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_legacy_meta import StableMeta
from tallyio.protocols.dex.families.words import require

Swap = Callable[[], tuple[int, StablePool]]


def judge(record: Record, sheet: Sheet, family: str) -> None:
    if record["kind"] == "meta":
        _judge_meta(record, sheet)
        return
    state, call = record["state"], record["call"]
    now, pool = state["timestamp"], pool_of(state, record["decimals"], 1 if record["kind"] == "3pool" else 100)
    _views(sheet, record, pool, now)

    def swap() -> tuple[int, StablePool]:
        dy, after = stable_legacy.exchange(pool, call["i"], call["j"], call["dx"], now)
        require(dy >= call["min_dy"], "Exchange resulted in fewer coins than expected")
        return dy, after

    done = sheet.call(record["result"], swap)
    if done is not None:
        sheet.same("result.value", record["result"]["value"], done[0])
        sheet.fields("state_after", record["state_after"], fields(done[1], now))


def _judge_meta(record: Record, sheet: Sheet) -> None:
    state, base, call = record["state"], record["base"], record["call"]
    now = state["timestamp"]
    pool = StableMeta(
        pool_of(state, record["decimals"], 100),
        pool_of(base, base["decimals"], 1),
        state["base_virtual_price_cached"],
        state["base_cache_updated"],
    )
    _views(sheet, record, stable_legacy_meta.current(pool, now).meta, now, pool)

    def swap() -> tuple[int, StableMeta]:
        method = exchange if call["method"] == "exchange" else stable_legacy_meta.exchange_underlying
        dy, after = method(pool, call["i"], call["j"], call["dx"], now)
        require(dy >= call["min_dy"], "Too few coins in result")
        return dy, after

    exchange = stable_legacy_meta.exchange
    done = sheet.call(record["result"], swap)
    if done is not None:
        after = done[1]
        sheet.same("result.value", record["result"]["value"], done[0])
        found = fields(stable_legacy_meta.current(after, now).meta, now)
        found |= {"base_virtual_price_cached": after.cached_price, "base_cache_updated": after.cached_at}
        sheet.fields("state_after", record["state_after"], found)
        unchanged = {name: base[name] for name in ("n", "decimals") if name in base}
        sheet.fields("base_after", record["base_after"], unchanged | fields(after.base, now))


def _views(sheet: Sheet, record: Record, pool: StablePool, now: int, meta: StableMeta | None = None) -> None:
    state = record["state"]
    found = fields(pool, now)
    sheet.fields("state", {name: state[name] for name in ("A", "virtual_price")}, found)
    for name, view in record["views"].items():
        match name:
            case "get_dy":
                ask: Callable[[], object] = partial(stable_legacy.get_dy, pool, view["i"], view["j"], view["dx"], now)
            case "get_dy_underlying" if meta:
                ask = partial(stable_legacy_meta.get_dy_underlying, meta, view["i"], view["j"], view["dx"], now)
            case "calc_token_amount":
                ask = partial(stable_legacy.calc_token_amount, pool, view["amounts"], view["is_deposit"], now)
            case "calc_withdraw_one_coin":
                ask = partial(_one_coin, pool, view["burn_amount"], view["i"], now)
            case _:
                sheet.missing.append(name)
                continue
        sheet.view(name, view, ask)


def _one_coin(pool: StablePool, burned: int, i: int, now: int) -> int:
    return stable_legacy.withdraw_one_coin(pool, burned, i, now)[0]


def pool_of(state: Record, decimals: list[int], a_unit: int) -> StablePool:
    return StablePool(
        balances=tuple(state["balances"]),
        admin_balances=tuple(state["admin_balances"]),
        rates=tuple(10 ** (36 - d) for d in decimals),
        initial_a=state["initial_A"],
        future_a=state["future_A"],
        initial_a_time=state["initial_A_time"],
        future_a_time=state["future_A_time"],
        a_unit=a_unit,
        fee=state["fee"],
        admin_fee=state["admin_fee"],
        total_supply=state["lp_total_supply"],
    )


def fields(pool: StablePool, now: int) -> dict[str, object]:
    amplification = pool.amplification(now)
    return {
        "timestamp": now,
        "balances": list(pool.balances),
        "admin_balances": list(pool.admin_balances),
        "A": amplification // pool.a_unit,
        "A_precise": amplification,
        "initial_A": pool.initial_a,
        "future_A": pool.future_a,
        "initial_A_time": pool.initial_a_time,
        "future_A_time": pool.future_a_time,
        "fee": pool.fee,
        "admin_fee": pool.admin_fee,
        "lp_total_supply": pool.total_supply,
        "virtual_price": answer(partial(stable_legacy.virtual_price, pool, now)),
    }
