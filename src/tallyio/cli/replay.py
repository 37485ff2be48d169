"""``tallyio replay``: archived blocks through the searcher, beside those who were really there."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tallyio.cli.output import Json, emit, logs_to_stderr


def replay(
    files: Annotated[list[Path], Parameter(negative="")],
    /,
    *,
    config: Annotated[str, Parameter(help="Configuration directory; without one the defaults.")] = "",
    exchanges: Annotated[str, Parameter(help="A file of exchanges instead of those that come with TallyIO.")] = "",
    max_hops: Annotated[int, Parameter(help="The longest cycle, 2 to 4; 0: as configured, else 4.")] = 0,
    json: Json = False,
) -> None:
    """What the searcher would have proposed in each block, what the chain pays for it, and who really took it.

    FILES are archives, folders of them, or JSON files of blocks with pre-state.
    """
    from msgspec import to_builtins

    from tallyio.app.replay import as_object, replays, review, settings_of, totals
    from tallyio.backtest.comparison import compare
    from tallyio.cli.progress import bar

    logs_to_stderr("warning")
    settings = settings_of(Path(config) if config else None, max_hops)
    with bar("replay") as tell:
        found = list(replays(files, settings, Path(exchanges) if exchanges else None, tell))
    summary = totals(found, [row for each in found for row in compare(each, settings.max_hops)])
    reviewed = review(found, settings)
    if json:
        emit({**summary, **to_builtins(reviewed), "replayed": [as_object(each, settings) for each in found]}, True)
        return
    from rich.console import Console

    from tallyio.cli.replay_tables import show, show_review

    console = Console()
    for each in found:
        show(console, each, settings.max_hops)
    show_review(console, reviewed)
    emit(summary, False)
