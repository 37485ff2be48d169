"""The tally as tables for a terminal."""

from collections.abc import Mapping

from rich.console import Group
from rich.table import Table

from tallyio.reports import validation_table
from tallyio.reports.amounts import ether, percent
from tallyio.reports.tally import Tally
from tallyio.reports.why_lost import GROUPS, Loss, Why


def render(tally: Tally) -> Group:
    """A rich renderable; ``Console().print`` it."""
    parts = [_summary(tally)]
    if tally.by_strategy:
        parts.append(_strategies(tally))
    if tally.not_taken:
        parts.append(lost_table(tally.not_taken))
    parts += [validation_table.render(each) for each in tally.validation if each.all.outcomes]
    if tally.latency_us:
        parts.append(_latency(tally))
    return Group(*parts)


def _summary(tally: Tally) -> Table:
    table = Table(title="Tally", title_justify="left", show_header=False, min_width=56)
    table.add_column("figure")
    table.add_column("value", justify="right")
    seed = "" if tally.seed is None else f" · seed {tally.seed}"
    table.add_row("version", f"{tally.version}{seed}")
    table.add_row("blocks", f"{tally.blocks:,}")
    table.add_row("opportunities seen", f"{tally.opportunities:,}")
    table.add_row("submitted / landed / failed", f"{tally.submitted:,} / {tally.landed:,} / {tally.failed:,}")
    table.add_row("profit after gas and bids", f"{ether(tally.profit_wei)} ETH", style=_colour(tally.profit_wei >= 0))
    table.add_row("gas · bids", f"{ether(tally.gas_wei)} · {ether(tally.bid_wei)} ETH")
    if tally.takeable_wei is not None:
        table.add_row("takeable", f"{ether(tally.takeable_wei)} ETH")
        table.add_row("captured", percent(tally.captured_ratio))
    table.add_row("landed with the predicted profit", percent(tally.success_ratio))
    table.add_row("trades that lost money", str(tally.losing), style=_colour(not tally.losing))
    difference = tally.ledger_difference_wei
    table.add_row("ledger against the chain", f"{difference} wei", style=_colour(not difference))
    if tally.joint.plans:
        table.add_row("planned together", f"{tally.joint.trades:,} trades in {tally.joint.plans:,} blocks")
        table.add_row("gain over the best cycle alone", f"{ether(tally.joint.gain_over_single_wei)} ETH")
        over = ether(tally.joint.gain_over_greedy_wei)
        table.add_row("gain over one by one", f"{over} ETH in {tally.joint.compared:,} blocks")
    if tally.rivals is not None:
        table.add_row("rivals landed", f"{tally.rivals.landed:,} ({percent(tally.rivals_share)} of all)")
        table.add_row("rivals' profit", f"{ether(tally.rivals.profit_wei)} ETH")
    return table


def _colour(good: bool) -> str:
    return "green" if good else "bold red"


def _strategies(tally: Tally) -> Table:
    table = Table(title="By strategy", title_justify="left", min_width=56)
    for name in ("strategy", "seen", "submitted", "landed", "profit ETH"):
        table.add_column(name, justify="left" if name == "strategy" else "right")
    for name, row in tally.by_strategy.items():
        figures = (f"{row.opportunities:,}", f"{row.submitted:,}", f"{row.landed:,}", ether(row.profit_wei))
        table.add_row(name, *figures)
    return table


def lost_table(reasons: Mapping[str, Loss]) -> Table:
    """Count and value by reason, and how many of them have no price."""
    table = Table(title="Why lost", title_justify="left", min_width=56)
    for name in ("", "reason", "count", "missing ETH"):
        table.add_column(name, justify="right" if name in ("count", "missing ETH") else "left")
    for reason, row in reasons.items():
        unpriced = f" and {row.unpriced:,} without price" if row.unpriced else ""
        table.add_row(GROUPS[Why(reason)], reason, f"{row.count:,}", ether(row.wei) + unpriced)
    return table


def _latency(tally: Tally) -> Table:
    table = Table(title="Latency", title_justify="left", min_width=56)
    for name in ("stage", "p50 µs", "p99 µs"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for stage, row in tally.latency_us.items():
        table.add_row(stage, f"{row['p50']:,.0f}", f"{row['p99']:,.0f}")
    return table
