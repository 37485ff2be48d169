"""Recorded answers of Uniswap v3, PancakeSwap v3, Algebra v1 and Camelot v3 pools."""

from typing import Any

from tallyio.app.verify.sheet import Sheet
from tallyio.app.verify.ticks import Record, crossed, moved, paid_to_pool, v3_state
from tallyio.core.units import UINT128_MAX
from tallyio.protocols.dex.families import algebra_fee, concentrated
from tallyio.protocols.dex.families.concentrated import ConcentratedPool

ALGEBRA, CAMELOT = "algebra_v1", "camelot_v3"
"""Camelot's records hold a fee and a configuration for each direction, that of the first token's sales first."""
ADAPTIVE = ALGEBRA, CAMELOT
GROWTH = ("feeGrowthGlobal0X128", "feeGrowthGlobal1X128")
UNCHANGED = ("timestamp", "tickSpacing", "feeProtocol", "communityFeeToken0", "communityFeeToken1", "feeConfig")
CONFIG = ("alpha1", "alpha2", "beta1", "beta2", "gamma1", "gamma2", "volumeBeta", "volumeGamma", "baseFee")
POINT = ("blockTimestamp", "tickCumulative", "volatilityCumulative", "averageTick", "volumePerLiquidityCumulative")
OUTSIDE = (
    "observationIndex",
    "observationCardinality",
    "timepointIndex",
    "volumePerLiquidityInBlock",
)
"""Answers of the pools' oracles, which price no swap."""


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, call = record["state"], record["call"]
    specified, zero_for_one = call["amountSpecified"], call["zeroForOne"]
    growth = ("totalFeeGrowth0Token", "totalFeeGrowth1Token") if family in ADAPTIVE else GROWTH
    given = {**record, **state}
    told = given["fee"]
    adaptive = adaptive_fee(state) if family in ADAPTIVE else None
    if adaptive is not None:
        told = adaptive
    elif family in ADAPTIVE and record["result"]["ok"]:
        told = record["state_after"]["fee"]
    side = 0 if zero_for_one else 1
    fee = told[side] if isinstance(told, list) else told
    pool = ConcentratedPool(v3_state(state), given["tickSpacing"], fee, state[growth[0]], state[growth[1]])
    done = sheet.call(
        record["result"],
        lambda: concentrated.exchange(
            pool,
            zero_for_one,
            abs(specified),
            exact_in=specified > 0,
            sqrt_limit_x96=call["sqrtPriceLimitX96"],
            part=protocol_part(family, state, zero_for_one),
        ),
    )
    if done is None:
        return
    answers = {k: v for k, v in record["result"].items() if k != "ok"}
    sheet.fields("result", answers, paid_to_pool(zero_for_one, done.amount_in, done.amount_out))
    recorded = dict(record["state_after"])
    if family in ADAPTIVE and adaptive is None:
        sheet.unjudged("state_after.fee")
    for name in OUTSIDE:
        if recorded.pop(name, None) is not None:
            sheet.unjudged(f"state_after.{name}")
    held = list(state.get("protocolFees", (0, 0)))
    held[side] = (held[side] + done.protocol_fee) & UINT128_MAX
    unchanged = {k: v for k, v in state.items() if k in UNCHANGED}
    found = unchanged | moved(done.pool.ticks) | {"protocolFees": held, "fee": told}
    found |= {growth[0]: done.pool.growth0, growth[1]: done.pool.growth1}
    sheet.fields("state_after", recorded, found)
    sheet.same("ticks_crossed", record["ticks_crossed"], crossed(pool.ticks, done.pool.ticks))


def protocol_part(family: str, state: Record, zero_for_one: bool) -> concentrated.ProtocolPart:
    if family in ADAPTIVE:
        return concentrated.algebra_part(state["communityFeeToken0" if zero_for_one else "communityFeeToken1"])
    if family == "pancakeswap_v3":
        return concentrated.pancakeswap_v3_part(state["feeProtocol"], zero_for_one)
    return concentrated.uniswap_v3_part(state["feeProtocol"], zero_for_one)


def adaptive_fee(state: Record) -> int | list[int] | None:
    """Algebra's fee, or its two, after a swap by its recorded oracle; ``None`` where the record does not hold all."""
    config, points = state.get("feeConfig"), state.get("timepoints")
    volume = state.get("volumePerLiquidityInBlock")
    if not config or not points or volume is None:
        return None
    each_way = isinstance(state["fee"], list)
    configs = [_config(each) for each in (config if each_way else [config])]
    rows = [[p[name] for name in POINT] if isinstance(p, dict) else [p[k] for k in (1, 2, 4, 5, 6)] for p in points]
    known = [algebra_fee.Timepoint(*row) for row in rows]
    fees = algebra_fee.new_fees(known, state["timestamp"], state["tick"], volume, configs)
    if fees is None:
        return state["fee"] if each_way else int(state["fee"])
    return list(fees) if each_way else fees[0]


def _config(told: Any) -> algebra_fee.FeeConfig:
    values = list(told.values()) if isinstance(told, dict) else told
    if isinstance(told, dict) and set(CONFIG) <= set(told):
        values = [told[name] for name in CONFIG]
    return algebra_fee.FeeConfig(*values)
