"""What a journal does not hold of the latest run, kept beside it for the report."""

from pathlib import Path

import msgspec

from tallyio.core.errors import OperatorError
from tallyio.core.units import Address
from tallyio.market.suspicion import Aside

FILE_NAME = "run.json"


class RunFigures(msgspec.Struct, frozen=True):
    """The blocks of the latest run, its seed, its latencies in microseconds, and the pools that it knew.

    ``left`` are those of ``pools`` that no route could use at the end, with the reason; ``aside`` when which of them
    were left out for a while. ``pools`` is None where it was not written down.
    """

    first_block: int
    last_block: int
    seed: int | None
    latency_us: dict[str, dict[str, float]]
    pools: tuple[Address, ...] | None = None
    left: dict[Address, str] = {}
    aside: tuple[Aside, ...] = ()


def write_figures(data_dir: Path, figures: RunFigures) -> None:
    (data_dir / FILE_NAME).write_bytes(msgspec.json.encode(figures))


def read_figures(data_dir: Path) -> RunFigures:
    try:
        return msgspec.json.decode((data_dir / FILE_NAME).read_bytes(), type=RunFigures)
    except FileNotFoundError:
        raise OperatorError(f"{data_dir} holds no finished run", todo="Run the searcher first") from None
    except msgspec.DecodeError as e:
        raise OperatorError(
            f"{data_dir / FILE_NAME}: cannot be read: {e}", todo="Remove it and run the searcher again"
        ) from None
