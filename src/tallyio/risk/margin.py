"""How much more than the minimum the gate demands, from how far off recent predictions were."""

from collections.abc import Sequence

import msgspec

from tallyio.core.ranks import nearest_rank
from tallyio.journal.records import PredictionError


class Margin(msgspec.Struct, frozen=True):
    """``gas`` more units of gas, and ``gross_wei`` less of gross profit, than the simulation said."""

    gas: int = 0
    gross_wei: int = 0


def margin(errors: Sequence[PredictionError], samples: int, percentile: int) -> Margin:
    """The ``percentile`` of the newest ``samples`` of ``errors`` (oldest first); nothing until there are so many.

    What turned out better than predicted earns no discount.
    """
    newest = errors[-samples:]
    if len(newest) < samples:
        return Margin()
    gas = nearest_rank(sorted(error.gas for error in newest), percentile)
    short = nearest_rank(sorted(-error.gross_wei for error in newest), percentile)
    return Margin(max(0, gas), max(0, short))
