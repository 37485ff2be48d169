"""Slipstream's dynamic fee module: its terms for a pool, and the pool's observations that it looks at.

Nobody pays less here than the module asks of everybody: a discount for an account of ours makes a swap pay more than
was said.
"""

from collections.abc import Generator

import msgspec

from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector, signed_word
from tallyio.protocols.dex.families.observations import Observation, Observations, average_tick
from tallyio.protocols.dex.families.slipstream import dynamic_fee, enough_observations, scaling_and_cap
from tallyio.protocols.dex.family import Call
from tallyio.protocols.dex.ring_reading import read_ring
from tallyio.protocols.dex.uniswap_v3 import SLOT0

_CONFIG, _SPACING_FEE = selector("dynamicFeeConfig(address)"), selector("tickSpacingToFee(int24)")
_SCALING, _CAP, _SECONDS = (selector(f"{name}()") for name in ("defaultScalingFactor", "defaultFeeCap", "secondsAgo"))
_OBSERVATION = selector("observations(uint256)")


class FeeTerms(msgspec.Struct, frozen=True):
    """Fees in pips; ``seconds`` of the average from which the price has moved."""

    base: int
    spacing_fee: int
    scaling: int
    cap: int
    seconds: int


class MovingFee(msgspec.Struct, frozen=True):
    terms: FeeTerms
    seen: Observations

    def at(self, now: int, tick: int) -> int:
        """What a swap at ``now`` pays, in pips, the pool standing at ``tick``."""
        terms, average = self.terms, None
        if enough_observations(self.seen.cardinality, terms.seconds):
            average = average_tick(self.seen, now, terms.seconds, tick)
        return dynamic_fee(terms.base, terms.spacing_fee, terms.scaling, terms.cap, tick, average, 0)


def read_terms(
    pool: Address, factory: Address, module: Address, tick_spacing: int
) -> Generator[list[Call], list[bytes | None], FeeTerms | None]:
    """``None`` where the module has not this one's views, or scales nothing."""
    told = yield [
        (module, calldata(_CONFIG, int(pool, 16))),
        *((module, each) for each in (_SCALING, _CAP, _SECONDS)),
        (factory, calldata(_SPACING_FEE, tick_spacing)),
    ]
    if any(answer is None for answer in told[:-1]):
        return None
    base, cap, scaling = answered(told[0], 3, module)
    default_scaling, default_cap, seconds = (answered(answer, 1, module)[0] for answer in told[1:-1])
    scaling, cap = scaling_and_cap(scaling, cap, default_scaling, default_cap)
    return FeeTerms(base, answered(told[-1], 1, factory)[0], scaling, cap, seconds) if scaling else None


def read_observations(pool: Address, window: int) -> Generator[list[Call], list[bytes | None], Observations]:
    def written(answer: bytes | None) -> Observation | None:
        timestamp, cumulative, _, is_written = answered(answer, 4, pool)
        return Observation(timestamp, signed_word(cumulative)) if is_written else None

    (slot0,) = yield [(pool, SLOT0)]
    _, _, index, cardinality, following = answered(slot0, 5, pool)
    points = yield from read_ring(
        pool, lambda place: calldata(_OBSERVATION, place), written, index, cardinality, window
    )
    return Observations(tuple(points), index, cardinality, following, window)
