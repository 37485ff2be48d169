"""Our proposals beside those who really took the same opportunities."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from tallyio.backtest.records import Proposal, Replayed, Taken
from tallyio.core.trade import SwapStep

Verdict = Literal["more", "equal", "less", "none", "untaken", "untold"]


class Row(msgspec.Struct, frozen=True):
    """One opportunity. ``verdict``: whether we made more, equal or less gross than its taker, none of it, or nobody
    took it; ``untold`` where theirs has no price in the chain's coin. ``why`` says it in a line."""

    ours: Proposal | None
    theirs: Taken | None
    verdict: Verdict
    why: str


def compare(replayed: Replayed, max_hops: int) -> list[Row]:
    """A row for each that was taken and for each proposal that nobody took, in order of position.

    A taker's opportunity is our proposal over just their pools, else the one that shares most of them, no later than
    their transaction.
    """
    left = list(replayed.proposals)
    rows = []
    for theirs in replayed.taken:
        if theirs.reverted:
            continue
        ours = _counterpart(left, theirs)
        if ours is None:
            rows.append(Row(None, theirs, "none", _unseen(replayed, theirs, max_hops)))
        else:
            left.remove(ours)
            rows.append(Row(ours, theirs, *_judged(ours, theirs)))
    rows += [Row(ours, None, "untaken", _outcome(ours) or "nobody took it in this block") for ours in left]
    return sorted(rows, key=_position)


def _position(row: Row) -> int:
    if row.ours is not None:
        return row.ours.position
    return row.theirs.position if row.theirs is not None else 0


def _counterpart(proposals: Sequence[Proposal], theirs: Taken) -> Proposal | None:
    wanted = set(theirs.pools)
    before = [p for p in proposals if p.position <= theirs.position and wanted & set(p.opportunity.pools)]
    return max(
        before,
        key=lambda p: (set(p.opportunity.pools) == wanted, len(wanted & set(p.opportunity.pools)), p.paid.gross_wei),
        default=None,
    )


def _judged(ours: Proposal, theirs: Taken) -> tuple[Verdict, str]:
    if stopped := _outcome(ours):
        return "none", stopped
    how = _difference(ours, theirs)
    if theirs.gross_wei is None:
        return "untold", f"what they gained has no price in the chain's coin on their path; {how}"
    gap = ours.paid.gross_wei - theirs.gross_wei
    return ("more" if gap > 0 else "less" if gap < 0 else "equal"), how


def _outcome(ours: Proposal) -> str:
    """Why it would not have been ours; empty where it would."""
    if ours.paid.reason:
        return f"our transaction fails: {ours.paid.reason}"
    if not ours.decision.approved:
        return f"the gate denies it: {ours.decision.reason}, {ours.decision.detail}".removesuffix(", ")
    return ""


def _difference(ours: Proposal, theirs: Taken) -> str:
    waited = theirs.position - ours.position
    seen = f"; seen {waited} transactions before them" if waited else ""
    pools = set(ours.opportunity.pools)
    if pools != set(theirs.pools):
        return f"another path: {len(pools)} pools, {len(pools & set(theirs.pools))} of their {len(theirs.pools)}{seen}"
    sold = dict(zip(theirs.pools, zip(theirs.tokens, theirs.amounts_in, strict=False), strict=False))
    for step in ours.opportunity.route.steps:
        if isinstance(step, SwapStep) and step.pool in sold:
            token, amount = sold[step.pool]
            if token == step.token_in:
                sizes = f"into {step.pool[:10]} we send {step.amount_in}, they {amount}"
                return f"the same pools, {'the same size' if step.amount_in == amount else sizes}{seen}"
    return f"the same pools the other way round{seen}"


def _unseen(replayed: Replayed, theirs: Taken, max_hops: int) -> str:
    if theirs.kind == "liquidation":
        return "liquidations are not replayed"
    known = replayed.known
    strange = [f"{at[:10]} {known.left.get(at, 'pool unknown')}" for at in theirs.pools if at not in known.pools]
    if strange:
        return "not known: " + ", ".join(strange)
    if len(theirs.pools) > max_hops:
        return f"a path of {len(theirs.pools)} swaps, at most {max_hops} are searched"
    return "no gain was seen over its pools"
