"""The gate: every opportunity passes it before it is simulated, and again, with its proof, before it is signed."""

from collections.abc import Iterator

from tallyio.core.trade import Decision, LiquidateStep, Opportunity, Proof, SwapStep
from tallyio.core.units import BPS, Address
from tallyio.journal.records import BreakerState
from tallyio.risk.limits import Exposure, Limits, Prices
from tallyio.risk.position import position_wei
from tallyio.risk.reasons import Reason


def bid_wei(gross_wei: int, gas_cost_wei: int, share_bps: int) -> int:
    """The proposer's share of what is left after gas, rounded down; nothing where nothing is left."""
    return max(gross_wei - gas_cost_wei, 0) * share_bps // BPS


def decide(
    opportunity: Opportunity,
    proof: Proof | None,
    exposure: Exposure,
    limits: Limits,
    breaker: BreakerState,
    prices: Prices,
) -> Decision:
    """Approve, or deny with one ``Reason``.

    Without ``proof`` gas and gross are the opportunity's own estimates. ``min_profit_wei`` of the decision is what the
    executor demands on the chain beyond the bid: the gas cost with the margin for more gas, and the minimum profit.
    """
    gas = proof.gas_used if proof else opportunity.gas_estimate
    gross = proof.gross_wei if proof else opportunity.gross_wei
    gas_cost = gas * prices.gas_price_wei
    bid = bid_wei(gross, gas_cost, limits.bid_share_bps)
    found = next(_objections(opportunity, proof, exposure, limits, breaker, prices, gas, gross, bid), None)
    return Decision(
        opportunity_id=opportunity.id,
        approved=found is None,
        reason=str(found[0]) if found else "",
        bid_wei=bid,
        min_profit_wei=gas_cost + exposure.margin.gas * prices.gas_price_wei + limits.min_profit_wei,
        detail=found[1] if found else "",
    )


def _objections(
    opportunity: Opportunity,
    proof: Proof | None,
    exposure: Exposure,
    limits: Limits,
    breaker: BreakerState,
    prices: Prices,
    gas: int,
    gross: int,
    bid: int,
) -> Iterator[tuple[Reason, str]]:
    if exposure.halted:
        yield Reason.HALTED, ""
    if breaker.open:
        yield Reason.BREAKER_OPEN, breaker.reason
    if opportunity.target_block <= exposure.head_block:
        yield Reason.TOO_LATE, f"block {opportunity.target_block} was the target, {exposure.head_block} is the head"
    touches = set(_touched(opportunity))
    if unwanted := sorted(exposure.untradable & (touches | set(_tokens(opportunity)))):
        yield Reason.UNTRADABLE, unwanted[0]
    if shared := sorted(exposure.touched & touches):
        yield Reason.CONFLICTING, shared[0]
    if proof is not None:
        yield from _simulated(proof, limits)
    yield from _gas(gas, prices.gas_price_wei, exposure, limits)
    position = position_wei(opportunity.route, prices)
    if position is None:
        yield Reason.UNPRICED, "neither side of the loan has a price in ether"
    elif position > limits.max_position_wei:
        yield Reason.POSITION_OVER_LIMIT, f"{position} wei, at most {limits.max_position_wei}"
    gas_cost = gas * prices.gas_price_wei
    if bid > bid_wei(gross, gas_cost, limits.max_bid_share_bps):
        yield Reason.BID_OVER_SHARE, f"{limits.bid_share_bps} basis points, at most {limits.max_bid_share_bps}"
    net = gross - gas_cost - bid
    margin = exposure.margin.gas * prices.gas_price_wei + exposure.margin.gross_wei
    if net < limits.min_profit_wei + margin:
        more = f" and {margin} for errors of prediction" if margin else ""
        yield Reason.BELOW_MINIMUM, f"{net} wei remain, at least {limits.min_profit_wei}{more}"


def _simulated(proof: Proof, limits: Limits) -> Iterator[tuple[Reason, str]]:
    if not proof.success:
        yield Reason.SIMULATION_FAILED, proof.revert_reason
    least = proof.predicted_gross_wei - proof.predicted_gross_wei * limits.simulation_tolerance_bps // BPS
    if proof.gross_wei < least:
        yield Reason.SIMULATION_BELOW_PREDICTION, f"{proof.gross_wei} wei, predicted {proof.predicted_gross_wei}"


def _gas(gas: int, gas_price_wei: int, exposure: Exposure, limits: Limits) -> Iterator[tuple[Reason, str]]:
    cost = gas * gas_price_wei
    if gas > limits.max_gas_per_trade:
        yield Reason.GAS_OVER_TRADE_BUDGET, f"{gas} gas, at most {limits.max_gas_per_trade}"
    if cost > limits.max_gas_cost_per_trade_wei:
        yield Reason.GAS_OVER_TRADE_BUDGET, f"{cost} wei, at most {limits.max_gas_cost_per_trade_wei}"
    if (total := exposure.committed_gas_cost_wei + cost) > limits.max_gas_cost_per_block_wei:
        yield Reason.GAS_OVER_BLOCK_BUDGET, f"{total} wei, at most {limits.max_gas_cost_per_block_wei}"


def _touched(opportunity: Opportunity) -> Iterator[Address]:
    yield from opportunity.pools
    if opportunity.borrower is not None:
        yield opportunity.borrower


def _tokens(opportunity: Opportunity) -> Iterator[Address]:
    funding = opportunity.route.funding
    if not isinstance(funding, SwapStep):
        yield funding.token
    for step in opportunity.route.steps:
        match step:
            case SwapStep():
                yield from (step.token_in, step.token_out, step.pool)
            case LiquidateStep():
                yield from (step.collateral, step.debt)
