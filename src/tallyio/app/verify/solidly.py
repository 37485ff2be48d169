"""Recorded answers of Solidly pools."""

from functools import partial
from typing import Any

from tallyio.app.verify.sheet import Sheet
from tallyio.protocols.dex.families import solidly_pool
from tallyio.protocols.dex.families.solidly import CAMELOT
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool

Record = dict[str, Any]


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, call = record["state"], record["call"]
    pool = pool_of(record)
    for name, view in record["views"].items():
        if name == "getAmountOut":
            sheet.view(name, view, partial(solidly_pool.amount_out, pool, view["token_in"], view["amount_in"]))
        else:
            sheet.missing.append(name)
    done = sheet.call(
        record["result"],
        lambda: solidly_pool.swap(
            pool,
            call["token_in"],
            call["amount_in"],
            call["amount_out_requested"],
            state["timestamp"],
            referrer=call.get("referrer", False),
        ),
    )
    if done is not None:
        side = call["token_in"]
        sheet.fields(
            "state_after",
            record["state_after"],
            _fields(done.pool, state["timestamp"])
            | {
                "fee_to_received": [done.owner_fee * (side == 0), done.owner_fee * (side == 1)],
                "referrer_received": [done.referrer_fee * (side == 0), done.referrer_fee * (side == 1)],
            },
        )


def pool_of(record: Record) -> SolidlyPool:
    state = record["state"]
    common = {
        "variant": record["variant"],
        "stable": record["stable"],
        "scale0": 10 ** record["decimals"][0],
        "scale1": 10 ** record["decimals"][1],
        "reserve0": state["reserves"][0],
        "reserve1": state["reserves"][1],
    }
    if record["variant"] == CAMELOT:
        return SolidlyPool(
            **common,
            fee0=state["fee_percent"][0],
            fee1=state["fee_percent"][1],
            owner_share=state["owner_fee_share"],
            referrer_share=state["referrer_fee_share"],
            fee_to_set=state["fee_to_set"],
        )
    return SolidlyPool(
        **common,
        fee0=record["fee_bps"],
        fee1=record["fee_bps"],
        cumulative0=state["reserve_cumulative"][0],
        cumulative1=state["reserve_cumulative"][1],
        updated=state["block_timestamp_last"],
        index0=state["index"][0],
        index1=state["index"][1],
        total_supply=state["total_supply"],
        fees_held0=state["pool_fees_balances"][0],
        fees_held1=state["pool_fees_balances"][1],
    )


def _fields(pool: SolidlyPool, timestamp: int) -> dict[str, object]:
    return {
        "timestamp": timestamp,
        "reserves": [pool.reserve0, pool.reserve1],
        "reserve_cumulative": [pool.cumulative0, pool.cumulative1],
        "block_timestamp_last": pool.updated,
        "index": [pool.index0, pool.index1],
        "total_supply": pool.total_supply,
        "pool_fees_balances": [pool.fees_held0, pool.fees_held1],
        "fee_percent": [pool.fee0, pool.fee1],
        "owner_fee_share": pool.owner_share,
        "referrer_fee_share": pool.referrer_share,
        "fee_to_set": pool.fee_to_set,
    }
