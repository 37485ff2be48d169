"""The probability that choosing by past profit chose by chance: combinatorially symmetric cross-validation.

Bailey, Borwein, López de Prado and Zhu, "The Probability of Backtest Overfitting", Journal of Computational Finance
20 (2017), section 3: blocks are cut into an even number of parts; of every way to take half of them the set that did
best there is looked up in the other half. The measure here is the sum of wei, by which sets are chosen too.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, pairwise

import msgspec


class Overfitting(msgspec.Struct, frozen=True):
    """Shares of the ``splits`` tried over ``parts`` parts.

    ``probability``: the set that was best in one half ranks no better than the median in the other. ``loss``: it
    earned nothing or lost there. ``slope`` of the least-squares line from its profit in the one half to that in the
    other; None where the first is always the same.
    """

    parts: int
    splits: int
    probability: float
    loss: float
    slope: float | None


def overfitting(profits: Sequence[Sequence[int]], most_parts: int = 16) -> Overfitting | None:
    """``profits``: wei by block (in order of time) and parameter set. None with fewer than four blocks or two sets.

    Sums are exact; sets that earned the same share their mean rank, so that sets which never differ count as chance.
    """
    parts = min(most_parts, len(profits)) // 2 * 2
    if parts < 4 or len(profits[0]) < 2:
        return None
    ends = [len(profits) * part // parts for part in range(parts + 1)]
    of_part = [_sum(profits[a:b]) for a, b in pairwise(ends)]
    whole = _sum(of_part)
    pairs: list[tuple[int, int]] = []
    by_chance = 0
    for half in combinations(range(parts), parts // 2):
        inside = _sum([of_part[part] for part in half])
        outside = [a - b for a, b in zip(whole, inside, strict=True)]
        best = inside.index(max(inside))
        pairs.append((inside[best], outside[best]))
        by_chance += _relative_rank(outside, best) <= Fraction(1, 2)
    return Overfitting(
        parts=parts,
        splits=len(pairs),
        probability=by_chance / len(pairs),
        loss=sum(after <= 0 for _, after in pairs) / len(pairs),
        slope=_slope(pairs),
    )


def _relative_rank(values: Sequence[int], place: int) -> Fraction:
    """Above 0 (worst) and below 1 (best): the ascending rank, the mean of those that are equal, by their number + 1."""
    below = sum(each < values[place] for each in values)
    equal = sum(each == values[place] for each in values)
    return (below + Fraction(equal + 1, 2)) / (len(values) + 1)


def _slope(pairs: Sequence[tuple[int, int]]) -> float | None:
    count, sum_x, sum_y = len(pairs), sum(x for x, _ in pairs), sum(y for _, y in pairs)
    spread = count * sum(x * x for x, _ in pairs) - sum_x * sum_x
    return (count * sum(x * y for x, y in pairs) - sum_x * sum_y) / spread if spread else None


def _sum(rows: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]
