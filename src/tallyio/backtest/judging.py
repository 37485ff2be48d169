"""The risk gate's word on a proposal, before and after its run in the block, as the live searcher asks for it."""

from tallyio.backtest.own_bundle import run
from tallyio.backtest.records import Proposal, ReplaySettings
from tallyio.core.trade import Decision, Opportunity, Proof
from tallyio.journal.records import BreakerState
from tallyio.market.view import MarketView
from tallyio.risk.gate import decide
from tallyio.risk.limits import Exposure, Prices
from tallyio.simulation.block_execution import BlockExecution


def judged(execution: BlockExecution, view: MarketView, opportunity: Opportunity, settings: ReplaySettings) -> Proposal:
    """``opportunity`` run here, with the terms that the gate gives it. One that is denied at first sight is run without
    bid or least profit, to know what was left; each stands alone, as the only trade of its bundle."""
    first = _decide(view, opportunity, None, settings)
    terms = (first.min_profit_wei, first.bid_wei) if first.approved else (0, 0)
    paid = run(
        execution, opportunity.route, min_profit_wei=terms[0], bid_wei=terms[1], tip_wei=settings.priority_fee_wei
    )
    proof = Proof(
        opportunity_id=opportunity.id,
        success=not paid.reason,
        gas_used=paid.gas_used,
        gross_wei=paid.gross_wei,
        predicted_gross_wei=opportunity.gross_wei,
        revert_reason=paid.reason,
        block=opportunity.state_block,
    )
    if not first.approved:
        return Proposal(execution.position, opportunity, paid, first)
    last = _decide(view, opportunity, proof, settings)
    return Proposal(execution.position, opportunity, paid, first if last.approved else last, proof)


def _decide(view: MarketView, opportunity: Opportunity, proof: Proof | None, settings: ReplaySettings) -> Decision:
    exposure = Exposure(head_block=view.block.number, untradable=frozenset(view.untradable))
    prices = Prices(view.next_base_fee_wei + settings.priority_fee_wei, view.weth)
    return decide(opportunity, proof, exposure, settings.limits, BreakerState(), prices)
