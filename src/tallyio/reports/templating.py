"""How pages are made from templates: everything that came from a chain is escaped."""

from typing import TYPE_CHECKING

from tallyio.reports.amounts import ether, percent

if TYPE_CHECKING:
    from jinja2 import Environment


def environment() -> "Environment":
    """Of the templates beside this module, with filters for amounts, shares, hashes and durations."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from tallyio.reports.charts import duration

    loader = PackageLoader("tallyio.reports", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.filters.update(ether=ether, percent=percent, short=short, duration=duration)
    return made


def short(value: str, keep: int = 6) -> str:
    """0x1234ab…cdef for tables; the whole value stands in the cell's title."""
    return value if len(value) <= 2 * keep else f"{value[: keep + 2]}…{value[-4:]}"
