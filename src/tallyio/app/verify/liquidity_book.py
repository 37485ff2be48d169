"""Recorded answers of Liquidity Book pairs."""

from functools import partial

from tallyio.app.verify.sheet import Sheet
from tallyio.app.verify.ticks import Record
from tallyio.protocols.dex.families import liquidity_book
from tallyio.protocols.dex.families.liquidity_book import FeeRules, LiquidityBook, Volatility


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, call = record["state"], record["call"]
    now, book = state["timestamp"], book_of(record)
    for name, view in record["views"].items():
        match name:
            case "price_active":
                sheet.same(name, view, liquidity_book.price_at(book.active_id, book.bin_step))
            case "getSwapOut":
                sheet.view(name, view, partial(quote, book, view["amount_in"], view["swap_for_y"], now))
            case "getSwapIn":
                sheet.view(name, view, partial(cost, book, view["amount_out"], view["swap_for_y"], now))
            case _:
                sheet.missing.append(name)
    done = sheet.call(
        record["result"], lambda: liquidity_book.exchange(book, call["swap_for_y"], call["amount_in"], now)
    )
    if done is None:
        return
    out, after, walked = done
    sheet.same("result.value", record["result"]["value"], out)
    volatility = after.volatility
    changed = {str(k): list(v) for k, v in walked.changed.items() if v != book.bins.get(k)}
    found = {
        "timestamp": now,
        "active_id": after.active_id,
        "reserves": list(after.reserves),
        "protocol_fees": list(after.kept_fees),
        "variable": {
            "volatilityAccumulator": volatility.accumulator,
            "volatilityReference": volatility.reference,
            "idReference": volatility.id_reference,
            "timeOfLastUpdate": volatility.updated,
        },
        "bins_changed": changed,
    }
    sheet.fields("state_after", record["state_after"], found)


def quote(book: LiquidityBook, amount: int, x_for_y: bool, now: int) -> list[int]:
    done = liquidity_book.walk(book, amount, x_for_y, now)
    return [done.left, done.amount, done.fee]


def cost(book: LiquidityBook, wanted: int, x_for_y: bool, now: int) -> list[int]:
    return list(liquidity_book.amount_in(book, x_for_y, wanted, now))


def book_of(record: Record) -> LiquidityBook:
    state = record["state"]
    rules, variable = state["static"], state["variable"]
    return LiquidityBook(
        version=record["variant"],
        bin_step=record["bin_step"],
        rules=FeeRules(
            base_factor=rules["baseFactor"],
            filter_period=rules["filterPeriod"],
            decay_period=rules["decayPeriod"],
            reduction_factor=rules["reductionFactor"],
            variable_control=rules["variableFeeControl"],
            protocol_share=rules["protocolShare"],
            max_volatility=rules["maxVolatilityAccumulator"],
        ),
        active_id=state["active_id"],
        volatility=Volatility(
            variable["volatilityAccumulator"],
            variable["volatilityReference"],
            variable["idReference"],
            variable["timeOfLastUpdate"],
        ),
        bins={int(k): (v[0], v[1]) for k, v in state["bins"].items()},
        reserves=(state["reserves"][0], state["reserves"][1]),
        kept_fees=(state["protocol_fees"][0], state["protocol_fees"][1]),
    )
