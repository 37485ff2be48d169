"""What others really took and we did not, under one parameter set, each with its one reason."""

import msgspec

from tallyio.backtest.competition.contest import Fate, Settled
from tallyio.backtest.lost import chances
from tallyio.backtest.study.evaluation import Study
from tallyio.backtest.study.records import BlockResult
from tallyio.reports.chances import Attempt, Stage
from tallyio.reports.matching import all_lost, judge
from tallyio.reports.why_lost import Lost
from tallyio.risk.reasons import Reason

_STAGES = {
    Fate.UNKNOWN: Stage.DENIED,
    Fate.DENIED: Stage.DENIED,
    Fate.UNSEEN: Stage.FOUND,
    Fate.CONFLICTING: Stage.FOUND,
    Fate.OUTBID: Stage.SENT,
    Fate.NOT_INCLUDED: Stage.SENT,
    Fate.WON: Stage.LANDED,
}


def losses_of(study: Study, number: int) -> list[Lost]:
    """By block and position, under the parameter set of index ``number``."""
    parameters = study.sets[number]
    found = []
    for block, settled in zip(study.blocks, study.settled, strict=True):
        sight = msgspec.structs.replace(block.sight, longest=parameters.max_hops, minimum_wei=parameters.min_profit_wei)
        ours = [_attempt(block, each) for each in settled[number]]
        found += all_lost(judge(chances(block.number, block.taken), ours, sight))
    return found


def _attempt(block: BlockResult, settled: Settled) -> Attempt:
    offer, won = settled.offer, settled.fate is Fate.WON
    return Attempt(
        opportunity_id=offer.id,
        stage=_STAGES[settled.fate],
        block=block.number,
        position=offer.position,
        pools=offer.pools,
        value_wei=offer.gross_wei - offer.gas_used * block.base_fee_wei if won else offer.predicted_wei,
        borrower=offer.borrower,
        landed_block=block.number if won else None,
        reason=Reason.TOO_LATE if settled.fate is Fate.UNSEEN else offer.reason,
        detail=offer.detail,
        bid_wei=offer.to_proposer_wei,
    )
