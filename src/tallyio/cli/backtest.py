"""``tallyio backtest``: parameters over many archived blocks."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tallyio.cli.output import Json, emit, logs_to_stderr


def backtest(
    archives: Annotated[list[Path], Parameter(negative="")],
    /,
    *,
    out: Annotated[Path, Parameter(help="Folder of the result; made where it is missing.")],
    config: Annotated[Path | None, Parameter(help="TOML file with a [backtest] table.")] = None,
    exchanges: Annotated[
        Path | None, Parameter(help="A file of exchanges instead of those that come with TallyIO.")
    ] = None,
    jobs: Annotated[int, Parameter(help="Processes; 0 takes every processor.")] = 0,
    resume: Annotated[bool, Parameter(negative="", help="Go on with the same run in that folder.")] = False,
    json: Json = False,
) -> None:
    """Replay every block of ARCHIVES under every parameter set, and say what each would have earned.

    ARCHIVES are folders of archives, or files.
    """
    from tallyio.app.backtest import backtest as run
    from tallyio.cli.progress import bar

    logs_to_stderr("warning")
    with bar("backtest") as tell:
        found = run(archives, out, config=config, exchanges=exchanges, jobs=jobs, resume=resume, tell=tell)
    emit(found if json else _short(found), json)


def _short(found: dict[str, Any]) -> dict[str, Any]:
    """What people read first; the page has the rest."""
    from tallyio.reports.amounts import ether

    checked = found["overfitting"]
    shown = {
        "blocks": f"{found['blocks']} ({found['training_blocks']} train, {found['test_blocks']} test)",
        "parameter sets": found["parameter_sets"],
        "model": found["model"],
        "chosen": ", ".join(f"{name} {value}" for name, value in found["chosen"].items() if name != "number"),
        "train": f"{ether(found['train_wei'])} ETH",
        "test": f"{ether(found['test_wei'])} ETH (rank {found['test_rank']} of {found['parameter_sets']})",
        "upper bound": f"{ether(found['bound_wei'])} ETH",
        "overfitting": "not checked" if checked is None else f"probability {checked['probability']:.2f}",
    }
    shown |= {f"offers {fate}": f"{loss['count']} ({ether(loss['wei'])} ETH)" for fate, loss in found["fates"].items()}
    shown |= {f"warning {number}": text for number, text in enumerate(found["warnings"], 1)}
    return shown | {"output hash": found["output_hash"], "page": next(p for p in found["files"] if p.endswith(".html"))}
