"""Uniswap v3's oracle: the ticks that a pool writes down, one a second at most, and the average that they tell.

Source: the Uniswap v3 core whitepaper, section 5; judged by contracts that took it over.
"""

from bisect import bisect_right

import msgspec

from tallyio.protocols.dex.families.words import toward_zero


class Observation(msgspec.Struct, frozen=True):
    """``cumulative`` is the sum of the tick over the seconds until ``timestamp``."""

    timestamp: int
    cumulative: int


class Observations(msgspec.Struct, frozen=True):
    """The newest of a ring, oldest first: as far back as ``window`` seconds before the last reach, where there are so
    many. The last is at ``index`` of ``cardinality`` places, which become ``next_cardinality`` once all are used."""

    points: tuple[Observation, ...]
    index: int
    cardinality: int
    next_cardinality: int
    window: int


def written(seen: Observations, now: int, tick: int) -> Observations:
    """After the pool, which stood at ``tick`` until then, has written down the second ``now``."""
    last = seen.points[-1]
    if last.timestamp == now:
        return seen
    full = seen.next_cardinality > seen.cardinality and seen.index == seen.cardinality - 1
    cardinality = seen.next_cardinality if full else seen.cardinality
    points = (*seen.points, _moved(last, now, tick))[-cardinality:]
    return msgspec.structs.replace(
        seen,
        points=reaching(points, seen.window),
        index=(seen.index + 1) % cardinality,
        cardinality=cardinality,
    )


def reaching(points: tuple[Observation, ...], window: int) -> tuple[Observation, ...]:
    """Those of the last ``window`` seconds, and the one before."""
    first = bisect_right(points, points[-1].timestamp - window, key=lambda point: point.timestamp)
    return points[max(first - 1, 0) :]


def average_tick(seen: Observations, now: int, seconds: int, tick: int) -> int | None:
    """Of the last ``seconds``, the pool standing at ``tick`` since it last wrote; ``None`` where nothing reaches so far
    back. Rounded toward zero, as is each part of a second's line between two points."""
    points, moment = seen.points, now - seconds
    end = _moved(points[-1], now, tick).cumulative
    if moment >= points[-1].timestamp:
        begin = _moved(points[-1], moment, tick).cumulative
    else:
        place = bisect_right(points, moment, key=lambda point: point.timestamp) - 1
        if place < 0:
            return None
        before, after = points[place], points[place + 1]
        slope = toward_zero(after.cumulative - before.cumulative, after.timestamp - before.timestamp)
        begin = before.cumulative + slope * (moment - before.timestamp)
    return toward_zero(end - begin, seconds)


def _moved(last: Observation, now: int, tick: int) -> Observation:
    return Observation(now, last.cumulative + tick * (now - last.timestamp))
