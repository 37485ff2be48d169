"""A replayed block for people: one small table an opportunity."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tallyio.app.replay import Review
from tallyio.backtest.comparison import Row, compare
from tallyio.backtest.records import Replayed
from tallyio.core.trade import SwapStep
from tallyio.reports import validation_table
from tallyio.reports.table import lost_table


def show(console: Console, replayed: Replayed, max_hops: int) -> None:
    """Print what is known of the block, then each opportunity with ours beside theirs."""
    known = replayed.known
    pools = _counted(pool.protocol for pool in known.pools.values())
    left = _counted(known.left.values())
    console.print(
        f"block {replayed.number}: {replayed.transactions} transactions, {len(known.pools)} pools known{pools}, "
        f"{len(known.left)} left{left}, {len(replayed.proposals)} proposals "
        f"(and {len(replayed.unproved)} that the archive's state cannot prove), {len(replayed.taken)} taken",
        highlight=False,
        soft_wrap=True,
    )
    for at, what in replayed.unfollowed.items():
        console.print(f"pool {at}: {what}", highlight=False, soft_wrap=True)
    for row in compare(replayed, max_hops):
        console.print(_table(row, replayed))
        console.print(escape(f"{row.verdict}: {row.why}"), highlight=False, soft_wrap=True)


def show_review(console: Console, review: Review) -> None:
    """Print why what others took was not ours, and how far the predictions were off."""
    if review.lost:
        console.print(lost_table({str(why): loss for why, loss in review.lost.items()}))
    if review.validation.all.outcomes:
        console.print(validation_table.render(review.validation))


def _counted(names: Iterable[str]) -> str:
    counted = ", ".join(f"{count} {name}" for name, count in sorted(Counter(names).items()))
    return f" ({counted})" if counted else ""


def _table(row: Row, replayed: Replayed) -> Table:
    ours, theirs = row.ours, row.theirs
    taker = f"{theirs.kind} by {theirs.taker[:10]}" if theirs else "no taker"
    table = Table("", "predicted", "ours, executed", taker, title_justify="left", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    paid = ours.paid if ours else None
    table.add_row("position", "", str(ours.position) if ours else "-", str(theirs.position) if theirs else "-")
    gross = str(theirs.gross_wei if theirs.gross_wei is not None else "?") if theirs else "-"
    predicted = str(ours.opportunity.gross_wei) if ours else "-"
    table.add_row("gross wei", predicted, str(paid.gross_wei) if paid else "-", gross)
    gas = str(ours.opportunity.gas_estimate) if ours else "-"
    table.add_row("gas", gas, str(paid.gas_used) if paid else "-", "")
    table.add_row("gas wei", "", str(paid.gas_wei) if paid else "-", str(theirs.gas_wei) if theirs else "-")
    bid = str(theirs.to_proposer_wei if theirs.to_proposer_wei is not None else "?") if theirs else "-"
    table.add_row("to proposer wei", "", str(paid.bid_wei) if paid else "-", bid)
    net = str(theirs.net_wei if theirs.net_wei is not None else "?") if theirs else "-"
    table.add_row("net wei", "", str(ours.net_wei) if ours else "-", net)
    for number, (mine, other) in enumerate(_paths(row, replayed)):
        table.add_row("path" if not number else "", "", mine, other)
    if ours:
        gate = "approved" if ours.decision.approved else ours.decision.reason
        table.add_row("strategy, gate", ours.opportunity.strategy, gate, "")
    return table


def _paths(row: Row, replayed: Replayed) -> list[tuple[str, str]]:
    mine = [
        f"{step.pool[:10]} {replayed.known.pools[step.pool].protocol}"
        for step in (row.ours.opportunity.route.steps if row.ours else ())
        if isinstance(step, SwapStep)
    ]
    other = (
        [f"{pool[:10]} {name}" for pool, name in zip(row.theirs.pools, row.theirs.protocols, strict=False)]
        if (row.theirs)
        else []
    )
    longest = max(len(mine), len(other))
    return list(zip(mine + [""] * (longest - len(mine)), other + [""] * (longest - len(other)), strict=True))
