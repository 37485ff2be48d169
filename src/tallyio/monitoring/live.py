"""The live view of a run in the terminal."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tallyio.core.units import ETHER
from tallyio.monitoring.live_model import LiveModel

BARS = "▁▂▃▄▅▆▇█"
_Maker = Callable[[LiveModel, int, int], RenderableType]
GOOD, BAD, DIM = "green", "bold red", "dim"
_STATUS_STYLE = {"landed": GOOD, "reverted": BAD, "reorged": "yellow", "dropped": DIM}


def ether(wei: int) -> str:
    sign, wei = ("-", -wei) if wei < 0 else ("", wei)
    return f"{sign}{wei // ETHER:,}.{wei % ETHER // 10**12:06d}"


def draw(model: LiveModel) -> Layout:
    """The whole screen as one renderable."""
    screen = Layout()
    screen.split_column(Layout(_header(model), size=4), Layout(name="body"), Layout(_footer(model), size=3))
    screen["body"].split_row(Layout(name="left", ratio=3), Layout(name="right", ratio=2))
    screen["left"].split_column(
        Layout(_panel("Opportunities and what was decided", _Rows(model, _seen)), ratio=3),
        Layout(_panel("Bundles", _Rows(model, _sent)), ratio=2),
    )
    screen["right"].split_column(
        Layout(_panel("Profit", _Rows(model, _profit)), ratio=2),
        Layout(_panel("Latency", _latency(model)), ratio=2),
        Layout(_panel("Left alone, by reason", _Rows(model, _reasons)), ratio=2),
    )
    return screen


class _Rows:
    """Draws only as many rows as fit its panel."""

    def __init__(self, model: LiveModel, table: _Maker) -> None:
        self._model, self._table = model, table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._table(self._model, max(1, (options.height or 12)), options.max_width)


def _panel(title: str, body: RenderableType) -> Panel:
    return Panel(body, title=title, title_align="left", border_style="bright_black", padding=(0, 1))


def _header(model: LiveModel) -> Panel:
    hours, rest = divmod(model.uptime_s, 3600)
    top = Text.assemble(
        ("TallyIO", "bold"), f"  {model.chain}", ("  block ", DIM), (f"{model.block:,}", "bold"),
        ("  base fee ", DIM), f"{model.base_fee_wei / 1e9:.3f} gwei", ("  mode ", DIM),
        (model.mode, "bold yellow" if model.mode == "live" else "cyan"),
        ("  up ", DIM), f"{hours}:{rest // 60:02d}:{rest % 60:02d}",
    )  # fmt: skip
    profit = GOOD if model.profit_wei >= 0 else BAD
    bottom = Text.assemble(
        ("profit ", DIM), (f"{ether(model.profit_wei)} ETH", f"bold {profit}"),
        ("  seen ", DIM), f"{model.opportunities:,}",
        ("  submitted ", DIM), f"{model.submitted:,}", ("  landed ", DIM), f"{model.landed:,}",
    )  # fmt: skip
    return Panel(Group(top, bottom), border_style="bright_black")


def _footer(model: LiveModel) -> Panel:
    line = Text.assemble(("feed ", DIM), (model.feed, GOOD if model.feed_good else BAD))
    difference = model.ledger_difference_wei
    line.append_text(Text.assemble(("   ledger ", DIM), _ledger(difference)))
    breaker = (model.breaker, BAD) if model.breaker else ("closed", GOOD)
    line.append_text(Text.assemble(("   breaker ", DIM), breaker))
    if model.rivals:
        line.append_text(Text.assemble(("   rivals ", DIM), ", ".join(f"{n} {c}" for n, c in model.rivals.items())))
    return Panel(line, border_style="bright_black")


def _ledger(difference: int) -> tuple[str, str]:
    return (f"{difference} wei off", BAD) if difference else ("equals the chain", GOOD)


def _grid(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1), header_style=DIM)
    for name, justify in columns:
        table.add_column(name, justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    return table


def _seen(model: LiveModel, height: int, _: int) -> RenderableType:
    table = _grid(
        ("block", "right"), ("strategy", "left"), ("what", "left"), ("gross ETH", "right"), ("decided", "left")
    )
    for row in list(model.seen)[-(height - 1) :][::-1] if height > 1 else []:
        style = GOOD if row.good else DIM
        table.add_row(f"{row.block:,}", row.strategy, row.what, ether(row.gross_wei), Text(row.verdict, style))
    return table


def _sent(model: LiveModel, height: int, _: int) -> RenderableType:
    table = _grid(("block", "right"), ("what", "left"), ("status", "left"), ("net ETH", "right"))
    for row in list(model.sent)[-(height - 1) :][::-1] if height > 1 else []:
        net = "" if row.net_wei is None else ether(row.net_wei)
        table.add_row(f"{row.block:,}", row.what, Text(row.status, _STATUS_STYLE.get(row.status, "")), net)
    return table


def _profit(model: LiveModel, height: int, width: int) -> RenderableType:
    points = list(model.profit_by_block)[-width:]
    low, high = min(points), max(points)
    step = max(1, (high - low + len(BARS) - 1) // len(BARS))
    line = Text("".join(BARS[min(len(BARS) - 1, (p - low) // step)] for p in points), GOOD)
    table = _grid(("strategy", "left"), ("ETH", "right"))
    for name, wei in model.profit_by_strategy.most_common(max(0, height - 2)):
        table.add_row(name, ether(wei))
    return Group(line, table)


def _reasons(model: LiveModel, height: int, _: int) -> RenderableType:
    table = _grid(("reason", "left"), ("count", "right"))
    for reason, count in model.reasons.most_common(max(0, height - 1)):
        table.add_row(reason, f"{count:,}")
    return table


def _latency(model: LiveModel) -> RenderableType:
    table = _grid(("stage", "left"), ("p50 µs", "right"), ("p99 µs", "right"))
    for stage, row in model.latency_us.items():
        table.add_row(stage, f"{row['p50']:,.0f}", f"{row['p99']:,.0f}")
    return table


class LiveView:
    """``with LiveView(model) as view: … view.refresh()``. Without a terminal it prints one plain line a block."""

    def __init__(self, model: LiveModel, console: Console | None = None) -> None:
        self._model = model
        self._console = console or Console(file=sys.stderr if not sys.stdout.isatty() else sys.stdout)
        self._live: Live | None = None
        self._last_block = -1

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, screen=True, auto_refresh=False, transient=True)
            self._live.start()
            self.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def refresh(self) -> None:
        """Draw the model as it is now. The caller chooses the pace; four times a second is plenty."""
        if self._live is not None:
            self._live.update(draw(self._model), refresh=True)
        elif self._model.block != self._last_block:
            self._last_block = self._model.block
            self._console.print(plain(self._model), highlight=False, soft_wrap=True)


def plain(model: LiveModel) -> str:
    """One line for logs and pipes."""
    return (
        f"block {model.block} seen {model.opportunities} submitted {model.submitted} landed {model.landed} "
        f"profit {ether(model.profit_wei)} ETH ledger {model.ledger_difference_wei} wei off feed {model.feed}"
    )
