"""The page at the end of a run: one self-contained HTML file that opens without a network."""

from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from tallyio.core.trade import Outcome
from tallyio.reports.amounts import ether
from tallyio.reports.missed import Comparison
from tallyio.reports.records import RunRecords
from tallyio.reports.tally import Tally

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_ROWS = 500
"""Rows of a table on the page; the journal has them all, and the page says how many it leaves out."""


class Page(msgspec.Struct, frozen=True):
    """What the page is drawn from. ``title`` names the run: chain, mode, when."""

    title: str
    tally: Tally
    records: RunRecords
    comparison: Comparison | None = None


def render(page: Page) -> str:
    """HTML of ``page``; everything that came from a chain is escaped."""
    from tallyio.reports import charts, validation_table
    from tallyio.reports.templating import environment

    landed = page.records.landed()
    strategy_of = {o.id: o.strategy for o in page.records.opportunities}
    missed = page.comparison.lost if page.comparison else []
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            page=page,
            tally=page.tally,
            profit_chart=_profit_chart(landed, page.comparison),
            strategy_chart=charts.bar_chart(
                [
                    (name, row.profit_wei, f"{ether(row.profit_wei)} ETH · {row.landed} landed")
                    for name, row in page.tally.by_strategy.items()
                ]
            ),
            missed_chart=charts.bar_chart(
                [
                    (reason, row.wei, f"{ether(row.wei)} ETH · {row.count}")
                    for reason, row in page.tally.not_taken.items()
                ],
                style="two",
            ),
            latency_chart=charts.latency_chart(
                [(stage, row["p50"], row["p99"]) for stage, row in page.tally.latency_us.items()]
            ),
            landed=landed[-MOST_ROWS:],
            landed_left_out=max(0, len(landed) - MOST_ROWS),
            strategy_of=strategy_of,
            missed=missed[:MOST_ROWS],
            missed_left_out=max(0, len(missed) - MOST_ROWS),
            validations=[
                (each.step, validation_table.rows(each)) for each in page.tally.validation if each.all.outcomes
            ],
            validation_columns=validation_table.COLUMNS,
        )
    )


def _profit_chart(landed: list[Outcome], comparison: Comparison | None) -> "Markup":
    from tallyio.reports.charts import empty, line_chart

    earned: dict[int, int] = {}
    for outcome in landed:
        if outcome.block is not None:
            earned[outcome.block.number] = earned.get(outcome.block.number, 0) + outcome.net_wei
    there = {block: wei for block, wei in comparison.takeable_in.items() if wei} if comparison else {}
    if not earned and not there:
        return empty("Nothing landed in this run")
    blocks = list(range(min([*earned, *there]) - 1, max([*earned, *there]) + 1))
    series = [("profit", "one", list(accumulate(earned.get(b, 0) for b in blocks)))]
    if there:
        series.insert(0, ("takeable", "muted", list(accumulate(there.get(b, 0) for b in blocks))))
    return line_chart(blocks, series, _axis)


def _axis(wei: int) -> str:
    """As few decimals as the amount needs."""
    return ether(wei, 9).rstrip("0").rstrip(".")
