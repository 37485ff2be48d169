"""``tallyio verify``: recorded answers of real contracts."""

from pathlib import Path
from typing import TYPE_CHECKING

from tallyio.cli.output import Json, emit

if TYPE_CHECKING:
    from tallyio.app.verify.replay import Tally


def verify(*files: Path, json: Json = False) -> int:
    """Replay files of recorded contract answers through the models; exit code 1 when one differs.

    A record is matched when all its answers agree, refused when both sides refuse its call and all else agrees,
    mismatched when one answer differs, not modelled when an answer has no model yet.
    """
    import msgspec

    from tallyio.app.verify.replay import verify as replay
    from tallyio.core.errors import OperatorError

    if not files:
        raise OperatorError("no file named", todo="Name files of recorded answers, for example family.json.gz")
    tallies = replay(files)
    mismatched = sum(t.mismatched for t in tallies)
    if json:
        totals = {
            name: sum(getattr(t, name) for t in tallies)
            for name in ("records", "matched", "refused", "mismatched", "not_modelled")
        }
        emit({**totals, "families": [msgspec.to_builtins(t) for t in tallies]}, as_json=True)
    else:
        _show(tallies)
    return 1 if mismatched else 0


def _show(tallies: list["Tally"]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    names = ("records", "matched", "refused", "mismatched", "not modelled", "answers")
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("family", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right")
    for t in tallies:
        table.add_row(t.family, *(f"{getattr(t, name.replace(' ', '_')):,}" for name in names))
    console.print(table)
    for t in tallies:
        for difference in t.differences:
            console.print(difference, markup=False, soft_wrap=True, highlight=False)
        for word, counts in (("not modelled", t.missing), ("taken from the records, not judged", t.unjudged)):
            if counts:
                told = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
                console.print(f"{t.family}, {word}: {told}", markup=False, soft_wrap=True, highlight=False)
