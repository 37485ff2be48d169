"""The one place that knows how a replayed block looks: from there to the records of a backtest."""

from collections.abc import Sequence

import msgspec

from tallyio.archive.records import ArchivedBlock
from tallyio.backtest.exchanges import Exchanges
from tallyio.backtest.lost import sight_of
from tallyio.backtest.predictions import prediction
from tallyio.backtest.records import Proposal, Replayed, ReplaySettings
from tallyio.backtest.replay import replay
from tallyio.backtest.study.records import BlockResult, Offer
from tallyio.backtest.study.settings import BacktestSettings, Parameters
from tallyio.core.errors import BugError, TallyError
from tallyio.strategies.arbitrage import ArbitrageSettings


def observe(block: ArchivedBlock, key: str, settings: BacktestSettings, exchanges: Exchanges) -> BlockResult:
    """``block`` replayed under every parameter set of ``settings``.

    What cannot be replayed (no pre-state, a missing slot, an unknown fork) is ``refused`` with the reason.
    """
    told: Replayed | None = None
    offers: dict[Parameters, tuple[Offer, ...]] = {}
    try:
        for group in _groups(settings.grid.sets()):
            for done, parameters in enumerate(group):
                told = replay(block, replay_settings(settings, parameters), exchanges)
                proposals = (*told.proposals, *told.unproved)
                offers[parameters] = tuple(_offer(each, settings.priority_fee_wei) for each in proposals)
                if not proposals:
                    offers.update(dict.fromkeys(group[done:], ()))
                    break
    except BugError:
        raise
    except TallyError as error:
        return BlockResult(key, block.chain_id, block.number, block.hash, block.timestamp or 0, refused=str(error))
    if told is None:
        raise BugError("a backtest has no parameter sets")
    return BlockResult(
        key=key,
        chain_id=block.chain_id,
        number=block.number,
        hash=block.hash,
        timestamp=block.timestamp or 0,
        base_fee_wei=block.base_fee_wei or 0,
        transactions=len(block.transactions),
        pools=len(told.known.pools),
        left=dict(sorted(told.known.left.items())),
        taken=tuple(told.taken),
        sight=sight_of(told),
        offers=tuple(offers[parameters] for parameters in settings.grid.sets()),
    )


def replay_settings(settings: BacktestSettings, parameters: Parameters) -> ReplaySettings:
    """As the live searcher would be set up: its search leaves what is below the minimum, as the gate does."""
    limits = msgspec.structs.replace(
        settings.limits, bid_share_bps=parameters.bid_share_bps, min_profit_wei=parameters.min_profit_wei
    )
    return ReplaySettings(
        arbitrage=ArbitrageSettings(min_profit_wei=parameters.min_profit_wei, keep=parameters.keep),
        floor_wei=parameters.min_profit_wei,
        keep=parameters.keep,
        limits=limits,
        max_hops=parameters.max_hops,
        cycles=settings.cycles,
        priority_fee_wei=settings.priority_fee_wei,
    )


def _groups(sets: Sequence[Parameters]) -> list[list[Parameters]]:
    """Sets that search alike, the least minimum first: where one proposes nothing, none behind it in its group does,
    since neither a higher minimum nor another bid makes the search propose more."""
    groups: dict[tuple[int, int], list[Parameters]] = {}
    for each in sorted(sets, key=lambda each: each.min_profit_wei):
        groups.setdefault((each.max_hops, each.keep), []).append(each)
    return list(groups.values())


def _offer(proposal: Proposal, tip_wei: int) -> Offer:
    found, paid, predicted = proposal.opportunity, proposal.paid, prediction(proposal)
    return Offer(
        id=found.id,
        strategy=found.strategy,
        position=proposal.position,
        pools=tuple(found.pools),
        predicted_wei=predicted.predicted_gross_wei,
        predicted_gas=predicted.predicted_gas,
        gross_wei=paid.gross_wei,
        gas_used=paid.gas_used,
        gas_wei=paid.gas_wei,
        bid_wei=paid.bid_wei,
        to_proposer_wei=paid.bid_wei + tip_wei * paid.gas_used,
        approved=proposal.decision.approved and not paid.reason,
        reason=proposal.decision.reason or paid.reason,
        detail=proposal.decision.detail,
        hops=predicted.hops,
        outcome=predicted.outcome,
        borrower=found.borrower,
    )
