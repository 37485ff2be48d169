"""What others took in a replayed block and we did not, each with its one reason.

A proposal of ours that the gate approved and the block paid is said to have won where its bid and tips are at least
what the taker paid to the proposer: the next over just its pools, else the next over one of them. Else it was outbid.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from tallyio.backtest.known_pools import PROTOCOL_UNKNOWN
from tallyio.backtest.records import Proposal, Replayed, ReplaySettings, Taken
from tallyio.reports.chances import Attempt, Chance, Rival, Sight, Stage
from tallyio.reports.matching import Verdict, all_lost, judge
from tallyio.reports.why_lost import Lost

_DEFAULTS: Final = ReplaySettings()


def lost_of(replayed: Replayed, settings: ReplaySettings = _DEFAULTS) -> list[Lost]:
    """Every opportunity that was really taken in the block and that we did not take, or took for less, by position.

    ``settings`` are those of the replay. Pure; what was undone, and what was traded at a loss, is no opportunity.
    """
    return all_lost(verdicts_of(replayed, settings))


def verdicts_of(replayed: Replayed, settings: ReplaySettings = _DEFAULTS) -> list[Verdict]:
    """As ``lost_of``, with what we took in full among them."""
    there = chances(replayed.number, replayed.taken)
    ours = [_attempt(replayed, proposal, there) for proposal in (*replayed.proposals, *replayed.unproved)]
    return judge(there, ours, sight_of(replayed, settings))


def chances(block: int, taken: Iterable[Taken]) -> list[Chance]:
    """What stood and gained (or whose gain has no price), by position; gas and the gross of liquidations are shared by
    all that one transaction took."""
    standing = [each for each in taken if not each.reverted and (each.gross_wei is None or each.gross_wei > 0)]
    shared = Counter(each.transaction for each in standing)
    liquidated = Counter(each.transaction for each in standing if each.kind == "liquidation")
    return [
        _chance(block, each, shared[each.transaction], liquidated[each.transaction])
        for each in sorted(standing, key=lambda each: each.position)
    ]


def _chance(block: int, taken: Taken, shared: int, liquidated: int) -> Chance:
    gross = taken.gross_wei
    if gross is not None and taken.borrower is not None:
        gross //= liquidated
    return Chance(
        block=block,
        position=taken.position,
        kind=taken.kind,
        pools=taken.pools,
        value_wei=None if gross is None else gross - taken.burnt_wei // shared,
        tokens=taken.tokens,
        amounts=taken.amounts_in,
        borrower=taken.borrower,
        rival=Rival(taken.taker, taken.transaction, taken.position, taken.gross_wei, taken.to_proposer_wei),
    )


def _attempt(replayed: Replayed, proposal: Proposal, there: Sequence[Chance]) -> Attempt:
    found, decision, paid = proposal.opportunity, proposal.decision, proposal.paid
    stage, reason, detail = Stage.DENIED, decision.reason, decision.detail
    value = found.gross_wei
    landed: int | None = None
    offered = paid.bid_wei + max(0, paid.gas_wei - paid.gas_used * replayed.base_fee_wei)
    if decision.approved:
        value = paid.gross_wei - paid.gas_used * replayed.base_fee_wei
        reason, detail = "", ""
        stage, landed = (Stage.LANDED, replayed.number) if offered >= _asked(proposal, there) else (Stage.SENT, None)
    return Attempt(
        opportunity_id=found.id,
        stage=stage,
        block=replayed.number,
        position=proposal.position,
        pools=found.pools,
        value_wei=value,
        borrower=found.borrower,
        landed_block=landed,
        reason=reason,
        detail=detail,
        bid_wei=offered if decision.approved else decision.bid_wei,
    )


def _asked(proposal: Proposal, there: Sequence[Chance]) -> int:
    """What the proposer got for the opportunity: of the next who took it, else of the next over one of its pools."""
    ours = proposal.opportunity
    contested = [
        (set(chance.pools) != set(ours.pools), chance.position, chance.rival.paid_wei or 0)
        for chance in there
        if chance.rival and chance.position >= proposal.position and chance.borrower is None
        if not set(ours.pools).isdisjoint(chance.pools)
    ]
    return min(contested)[2] if contested else 0


def sight_of(replayed: Replayed, settings: ReplaySettings = _DEFAULTS) -> Sight:
    """What the searcher could have seen of what was taken."""
    known = replayed.known
    there = chances(replayed.number, replayed.taken)
    named = {pool for chance in there for pool in chance.pools} - known.pools.keys()
    why = {pool: known.left.get(pool, PROTOCOL_UNKNOWN) for pool in sorted(named)}
    return Sight(
        foreign={pool: "" for pool, reason in why.items() if reason == PROTOCOL_UNKNOWN},
        unknown={pool: reason for pool, reason in why.items() if reason != PROTOCOL_UNKNOWN},
        longest=settings.max_hops,
        minimum_wei=settings.arbitrage.min_profit_wei,
        anchor=replayed.weth,
    )
