"""Recorded answers of Curve's NG meta pools."""

from functools import partial

from tallyio.app.verify import stable_ng as plain
from tallyio.app.verify.sheet import Sheet
from tallyio.app.verify.ticks import Record
from tallyio.protocols.dex.families import stable_ng_meta
from tallyio.protocols.dex.families.stable_ng_meta import StableNgMeta
from tallyio.protocols.dex.families.words import require


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, base, call = record["state"], record["base"], record["call"]
    now = state["timestamp"]
    pool = StableNgMeta(plain.pool_of(state, record["asset_types"]), plain.pool_of(base, []))
    plain.state_views(sheet, state, pool.meta)
    plain.state_views(sheet, base, pool.base)
    for name, view in record["views"].items():
        if name == "get_dy_underlying":
            quote = partial(stable_ng_meta.get_dy_underlying, pool, view["i"], view["j"], view["dx"], now)
            sheet.view(name, view, quote)
        elif name == "get_dx_underlying":
            quote = partial(stable_ng_meta.get_dx_underlying, pool, view["i"], view["j"], view["dy"], now)
            sheet.view(name, view, quote)
        elif ask := plain.ask_view(pool.meta, name, view, now):
            sheet.view(name, view, ask)
        else:
            sheet.missing.append(name)
    done = sheet.call(record["result"], lambda: swap(pool, call, now))
    if done is not None:
        sheet.same("result.value", record["result"]["value"], done[0])
        sheet.fields("state_after", record["state_after"], plain.fields(done[1].meta, now))
        unchanged = {name: base[name] for name in ("n", "decimals") if name in base}
        sheet.fields("base_after", record["base_after"], unchanged | plain.fields(done[1].base, now))


def swap(pool: StableNgMeta, call: Record, now: int) -> tuple[int, StableNgMeta]:
    method = stable_ng_meta.exchange if call["method"] == "exchange" else stable_ng_meta.exchange_underlying
    dy, after = method(pool, call["i"], call["j"], call["dx"], now)
    require(dy >= call["min_dy"], "Exchange resulted in fewer coins than expected")
    return dy, after
