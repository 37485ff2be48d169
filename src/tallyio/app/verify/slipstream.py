"""Recorded answers of Slipstream pools."""

from typing import Any

from tallyio.app.verify.sheet import Sheet
from tallyio.app.verify.ticks import Record, crossed, extra_net, moved, paid_to_pool, v3_state
from tallyio.protocols.dex.families import slipstream
from tallyio.protocols.dex.families.slipstream import SlipstreamPool
from tallyio.protocols.dex.families.words import toward_zero


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, call = record["state"], record["call"]
    pool = SlipstreamPool(
        ticks=v3_state(state),
        staked_net=extra_net(state),
        staked=state["stakedLiquidity"],
        tick_spacing=record["tickSpacing"],
        fee_pips=state["fee"],
        unstaked_fee_pips=state["unstakedFee"],
        growth0=state["feeGrowthGlobal0X128"],
        growth1=state["feeGrowthGlobal1X128"],
        gauge0=state["gaugeFees"][0],
        gauge1=state["gaugeFees"][1],
    )
    sheet.same("state.fee", state["fee"], fee_of(record, state, state["tick"]))
    specified, zero_for_one = call["amountSpecified"], call["zeroForOne"]
    done = sheet.call(
        record["result"],
        lambda: slipstream.exchange(
            pool, zero_for_one, abs(specified), exact_in=specified > 0, sqrt_limit_x96=call["sqrtPriceLimitX96"]
        ),
    )
    if done is None:
        return
    after, recorded = done.pool, record["state_after"]
    answers = {k: v for k, v in record["result"].items() if k != "ok"}
    sheet.fields("result", answers, paid_to_pool(zero_for_one, done.amount_in, done.amount_out))
    # The oracle's older observations and its next cardinality are not in the records.
    sheet.unjudged("state_after.observationCardinality")
    if "fee_module" in recorded:
        sheet.unjudged("state_after.fee_module.tickCumulatives_600_0")
        sheet.same("state_after.fee_module", settings(recorded), settings(state))
    sheet.fields(
        "state_after",
        {k: v for k, v in recorded.items() if k not in ("observationCardinality", "fee_module")},
        moved(after.ticks)
        | {
            "timestamp": state["timestamp"],
            "fee": fee_of(record, recorded, after.ticks.tick),
            "unstakedFee": after.unstaked_fee_pips,
            "stakedLiquidity": after.staked,
            "gaugeFees": [after.gauge0, after.gauge1],
            "feeGrowthGlobal0X128": after.growth0,
            "feeGrowthGlobal1X128": after.growth1,
        },
    )
    sheet.same("ticks_crossed", record["ticks_crossed"], crossed(pool.ticks, after.ticks))


def settings(state: Record) -> Record:
    return {k: v for k, v in state["fee_module"].items() if k != "tickCumulatives_600_0"}


def fee_of(record: Record, state: Record, tick: int) -> int:
    """The fee at ``tick`` by what ``state`` records of the fee module and of the pool's average tick."""
    if record["fee_mode"] != "dynamic":
        return int(record["state"]["fee"])
    module: dict[str, Any] = state["fee_module"]
    cumulatives, seconds, average = module["tickCumulatives_600_0"], module["secondsAgo"], None
    if cumulatives is not None and slipstream.enough_observations(state["observationCardinality"], seconds):
        average = toward_zero(cumulatives[1] - cumulatives[0], seconds)
    scaling, cap = slipstream.scaling_and_cap(
        module["scalingFactor"], module["feeCap"], module["defaultScalingFactor"], module["defaultFeeCap"]
    )
    return slipstream.dynamic_fee(
        module["baseFee"], module["tickSpacingFee"], scaling, cap, tick, average, module["discount_of_caller"]
    )
