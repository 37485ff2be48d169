"""What ``tallyio bench`` can be asked for."""

import msgspec

from tallyio.core.errors import OperatorError

MOST_SAMPLES = 100_000_000


class BenchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``core`` is -1 to have one chosen; ``only`` holds row names or shell patterns; ``degenbot`` a virtual
    environment's folder, empty for ``TALLYIO_DEGENBOT`` or ``.venv-degenbot``; ``history`` where ``record`` writes.

    Raises ``OperatorError`` for numbers that mean nothing.
    """

    seed: int = 1
    samples: int = 5_000
    core: int = -1
    only: tuple[str, ...] = ()
    degenbot: str = ""
    record: bool = False
    history: str = "benchmarks/history.json"
    require_goals: bool = False

    def __post_init__(self) -> None:
        bounds = {"seed": (0, 2**63 - 1), "samples": (1, MOST_SAMPLES), "core": (-1, 65_535)}
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise OperatorError(
                    f"--{name}: found {value}, expected {least} to {most}", todo="Try 'tallyio bench --help'"
                )
