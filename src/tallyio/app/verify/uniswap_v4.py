"""Recorded answers of Uniswap v4's pool manager. Amounts are from the trader's side; below zero is paid."""

from tallyio.app.verify.sheet import Sheet
from tallyio.app.verify.ticks import Record, crossed, moved, paid_to_pool, v3_state
from tallyio.core.units import PIPS
from tallyio.protocols.dex.families import concentrated
from tallyio.protocols.dex.families.concentrated import ConcentratedPool
from tallyio.protocols.dex.families.words import require

_DIRECTION_BITS = 12


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, call = record["state"], record["call"]
    given = {**record, **state}
    specified, zero_for_one = call["amountSpecified"], call["zeroForOne"]
    both = given["protocolFee"]
    protocol_fee = both % (1 << _DIRECTION_BITS) if zero_for_one else both >> _DIRECTION_BITS
    fee = concentrated.uniswap_v4_fee(protocol_fee, given["lpFee"])
    growth = state["feeGrowthGlobal0X128"], state["feeGrowthGlobal1X128"]
    pool = ConcentratedPool(v3_state(state), given["tickSpacing"], fee, *growth)

    def swap() -> concentrated.ConcentratedSwap:
        require(specified < 0 or fee < PIPS, "InvalidFeeForExactOut")
        return concentrated.exchange(
            pool,
            zero_for_one,
            abs(specified),
            exact_in=specified < 0,
            sqrt_limit_x96=call["sqrtPriceLimitX96"],
            part=concentrated.uniswap_v4_part(protocol_fee, fee),
            rule=concentrated.uniswap_v4_step,
        )

    done = sheet.call(record["result"], swap)
    if done is None:
        return
    answers = {k: v for k, v in record["result"].items() if k != "ok"}
    paid = paid_to_pool(zero_for_one, done.amount_in, done.amount_out)
    sheet.fields("result", answers, {name: -amount for name, amount in paid.items()})
    accrued = list(state["protocolFeesAccrued"])
    accrued[0 if zero_for_one else 1] += done.protocol_fee
    unchanged = {name: given[name] for name in ("timestamp", "protocolFee", "lpFee", "tickSpacing") if name in given}
    found = unchanged | moved(done.pool.ticks) | {"protocolFeesAccrued": accrued}
    found |= {"feeGrowthGlobal0X128": done.pool.growth0, "feeGrowthGlobal1X128": done.pool.growth1}
    sheet.fields("state_after", record["state_after"], found)
    sheet.same("ticks_crossed", record["ticks_crossed"], crossed(pool.ticks, done.pool.ticks))
