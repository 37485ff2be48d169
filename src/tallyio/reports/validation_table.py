"""Prediction errors as a table for a terminal."""

from rich.table import Table

from tallyio.reports.amounts import ether
from tallyio.reports.validation import Distribution, Errors, Validation

COLUMNS = ("proposals", "through", "error", "mean", "p5", "p50", "p95", "p99", "worst")


def rows(validation: Validation) -> list[tuple[str, ...]]:
    """One row for profit (in ETH) and one for gas, of all and of each part where there is more than one."""
    parts: list[tuple[str, Errors]] = [("all", validation.all)]
    for kind, errors in (("", validation.by_strategy), (" hops", validation.by_hops)):
        if len(errors) > 1:
            parts += [(f"{name}{kind}", each) for name, each in errors.items()]
    return [row for name, errors in parts for row in _rows(name, errors)]


def render(validation: Validation) -> Table:
    table = Table(
        title=f"Validation: {validation.step}", title_justify="left", box=None, pad_edge=False, collapse_padding=True
    )
    shown = [number for number, name in enumerate(COLUMNS) if name != "mean"]  # the rest fits eighty columns
    for number in shown:
        table.add_column(COLUMNS[number], justify="left" if number in (0, 2) else "right", no_wrap=True)
    for row in rows(validation):
        table.add_row(*(row[number] for number in shown))
    return table


def _rows(name: str, errors: Errors) -> list[tuple[str, ...]]:
    total = sum(errors.outcomes.values())
    if errors.profit_wei is None or errors.gas is None:
        return [(name, f"0/{total:,}", *("",) * 7)]
    share = f"{errors.profit_wei.count:,}/{total:,}"
    profit = (ether(wei) for wei in _figures(errors.profit_wei))
    gas = (f"{units:,}" for units in _figures(errors.gas))
    return [(name, share, "ETH", *profit), ("", "", "gas", *gas)]


def _figures(of: Distribution) -> tuple[int, ...]:
    return of.mean, of.p5, of.p50, of.p95, of.p99, of.worst
