"""The other side of the comparison: degenbot in its own virtual environment, asked through JSON."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec

import tallyio
from tallyio.core.errors import OperatorError

VARIABLE = "TALLYIO_DEGENBOT"
FOLDER = ".venv-degenbot"
PROJECT = Path(tallyio.__file__).parents[2]
SCRIPT = PROJECT / "benchmarks" / "degenbot" / "measure.py"


class Side(msgspec.Struct, frozen=True):
    """One function's results, one an input, and its nanoseconds a call, one a round."""

    results: list[Any]
    times_ns: list[float]


def interpreter(asked: str) -> Path:
    """Python of the environment ``asked`` for, of ``TALLYIO_DEGENBOT``, or of the project's own.

    Raises ``OperatorError`` where it is not there.
    """
    folder = Path(asked or os.environ.get(VARIABLE) or PROJECT / FOLDER).expanduser()
    python = folder / "bin" / "python"
    if not python.exists() or not SCRIPT.exists():
        raise OperatorError(f"no degenbot to compare with in {folder}", todo="make degenbot")
    return python


def ask(asked: str, inputs: dict[str, Any]) -> dict[str, Side]:
    """Results and times of degenbot for ``inputs``, in the form that ``benchmarks/degenbot/measure.py`` describes."""
    words = [str(interpreter(asked)), str(SCRIPT)]
    done = subprocess.run(words, input=json.dumps(inputs), capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().rpartition("\n")[2]
        raise OperatorError(f"degenbot's side failed: {told}", todo="Make its environment anew: make degenbot")
    answer = json.loads(done.stdout)
    return {name: Side(**side) for name, side in answer.items() if isinstance(side, dict)}
