"""An Algebra pool's oracle, read: the terms of its fee, and its timepoints as far back as a window reaches."""

from collections.abc import Generator

from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector, signed_word
from tallyio.protocols.dex.families.algebra_fee import WINDOW, FeeConfig, Timepoint
from tallyio.protocols.dex.family import Call
from tallyio.protocols.dex.ring_reading import read_ring

_CONFIGS = {1: ("feeConfig()",), 2: ("feeConfigZto()", "feeConfigOtz()")}
"""For both directions, or for each."""
_TIMEPOINTS = selector("timepoints(uint256)")
_RING = 2**16


def timepoint(index: int) -> bytes:
    return calldata(_TIMEPOINTS, index)


def read_configs(
    operator: Address, count: int
) -> Generator[list[Call], list[bytes | None], tuple[FeeConfig, FeeConfig]]:
    """For sales of the first and of the second token; there is one for both, or ``count`` is two."""
    told = yield [(operator, selector(name)) for name in _CONFIGS[count]]
    found = [FeeConfig(*answered(answer, 9, operator)) for answer in told]
    return found[0], found[-1]


def point_of(answer: bytes | None, operator: Address) -> Timepoint:
    _, time, ticks, _, volatility, average, volume = answered(answer, 7, operator)
    return Timepoint(time, signed_word(ticks), volatility, signed_word(average), volume)


def read_points(operator: Address, index: int) -> Generator[list[Call], list[bytes | None], list[Timepoint]]:
    """Up to the timepoint ``index``, the newest; oldest first."""

    def written(answer: bytes | None) -> Timepoint | None:
        return point_of(answer, operator) if answered(answer, 1, operator)[0] else None

    return (yield from read_ring(operator, timepoint, written, index, _RING, WINDOW))
