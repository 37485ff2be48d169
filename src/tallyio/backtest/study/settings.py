"""The ``[backtest]`` table of a TOML file: parameter grid, split, seed, model of competition."""

from itertools import product
from math import prod
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tallyio.config.settings import CycleSettings, NonNegative, Positive, Section
from tallyio.risk.limits import Bps, Limits

MOST_SETS = 256
"""Parameter sets of one backtest: each is tried on each block."""

Share = Annotated[float, Meta(gt=0, le=1_000)]
_LEAST = "an array of at least one integer"


class Parameters(msgspec.Struct, frozen=True, order=True):
    """One parameter set. ``keep``: how many opportunities a state may give."""

    bid_share_bps: int
    min_profit_wei: int
    max_hops: int
    keep: int


class Grid(Section, frozen=True, kw_only=True):
    """Values to try; every combination of them is a parameter set."""

    bid_share_bps: Annotated[tuple[Bps, ...], Meta(min_length=1, description=_LEAST)] = (1_000, 5_000, 9_000)
    min_profit_wei: Annotated[tuple[NonNegative, ...], Meta(min_length=1, description=_LEAST)] = (10**14,)
    max_hops: Annotated[tuple[Annotated[int, Meta(ge=2, le=4)], ...], Meta(min_length=1, description=_LEAST)] = (4,)
    keep: Annotated[tuple[Positive, ...], Meta(min_length=1, description=_LEAST)] = (4,)

    def __post_init__(self) -> None:
        lists = {name: getattr(self, name) for name in self.__struct_fields__}
        for name, values in lists.items():
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise ValueError(f"{name}: found {twice} twice, expected each value once")
        if (count := prod(map(len, lists.values()))) > MOST_SETS:
            raise ValueError(f"found {count} combinations, expected at most {MOST_SETS}")

    def sets(self) -> tuple[Parameters, ...]:
        """Every combination, in ascending order."""
        every = product(self.bid_share_bps, self.min_profit_wei, self.max_hops, self.keep)
        return tuple(sorted(Parameters(*values) for values in every))


class RivalSettings(Section, frozen=True, kw_only=True):
    """Of the model ``sampled``. Beta's mean ``alpha / (alpha + beta)`` is the share of gross profit that is bid."""

    count: Annotated[int, Meta(ge=1, le=100)] = 1
    least_samples: NonNegative = 20
    """Recorded payments in the training blocks, from which on shares are drawn from these."""
    alpha: Share = 8.0
    beta: Share = 2.0


class BacktestSettings(Section, frozen=True, kw_only=True):
    """``limits`` are those of ``risk/limits.toml``; its ``bid_share_bps`` and ``min_profit_wei`` are the grid's."""

    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1
    model: Literal["none", "recorded", "sampled"] = "recorded"
    grid: Grid = Grid()
    rivals: RivalSettings = RivalSettings()
    train_bps: Annotated[int, Meta(gt=0, lt=10_000)] = 7_000
    """The first so many basis points of the blocks choose the parameters, the others judge the choice."""
    partitions: Annotated[int, Meta(ge=4, le=16, multiple_of=2, description="an even integer from 4 to 16")] = 16
    """Parts of the blocks for the check of overfitting."""
    inclusion_bps: Bps = 9_000
    seen_bps: Bps = 10_000
    priority_fee_wei: NonNegative = 0
    limits: Limits = Limits(min_profit_wei=10**14)
    cycles: CycleSettings = CycleSettings()

    def __post_init__(self) -> None:
        most = self.limits.max_bid_share_bps
        if max(self.grid.bid_share_bps) > most:
            found = max(self.grid.bid_share_bps)
            raise ValueError(f"grid.bid_share_bps: found {found}, expected at most limits.max_bid_share_bps = {most}")


class BacktestFile(Section, frozen=True, kw_only=True):
    backtest: BacktestSettings
