"""The closed list of reasons for leaving an opportunity, in the order in which they are looked for."""

from enum import StrEnum


class Reason(StrEnum):
    HALTED = "halted"
    BREAKER_OPEN = "breaker_open"
    TOO_LATE = "too_late"
    UNTRADABLE = "untradable"
    CONFLICTING = "conflicting"
    SIMULATION_FAILED = "simulation_failed"
    SIMULATION_BELOW_PREDICTION = "simulation_below_prediction"
    GAS_OVER_TRADE_BUDGET = "gas_over_trade_budget"
    GAS_OVER_BLOCK_BUDGET = "gas_over_block_budget"
    UNPRICED = "unpriced"
    POSITION_OVER_LIMIT = "position_over_limit"
    BID_OVER_SHARE = "bid_over_share"
    BELOW_MINIMUM = "below_minimum"


EXPLAINED: dict[Reason, str] = {
    Reason.HALTED: "an operator halted the searcher",
    Reason.BREAKER_OPEN: "the circuit breaker is open",
    Reason.TOO_LATE: "the target block is already there",
    Reason.UNTRADABLE: "the route touches a token or pool that is not traded",
    Reason.CONFLICTING: "the plan uses the same pool or borrower on the same state",
    Reason.SIMULATION_FAILED: "the exact call reverted on the local EVM",
    Reason.SIMULATION_BELOW_PREDICTION: "the local EVM made less than was predicted",
    Reason.GAS_OVER_TRADE_BUDGET: "the trade needs more gas, or pays more for it, than one trade may",
    Reason.GAS_OVER_BLOCK_BUDGET: "the plan would pay more for gas than one block may",
    Reason.UNPRICED: "no price is known for the token that the trade borrows",
    Reason.POSITION_OVER_LIMIT: "the trade borrows more than the largest position",
    Reason.BID_OVER_SHARE: "the bid is above the largest share of the profit",
    Reason.BELOW_MINIMUM: "less than the minimum profit remains after gas and bid",
}
