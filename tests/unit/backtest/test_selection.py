"""Split, choice and the check of overfitting, against values worked out by hand and by another way."""

import random
from itertools import combinations

import pytest

from tallyio.backtest.selection.choice import choose
from tallyio.backtest.selection.overfitting import overfitting
from tallyio.backtest.selection.split import split


@pytest.mark.parametrize(
    ("blocks", "train_bps", "training"),
    [(0, 7_000, 0), (1, 7_000, 1), (2, 7_000, 1), (10, 7_000, 7), (10, 1, 1), (10, 9_999, 9), (3, 5_000, 1)],
)
def test_the_first_blocks_train_and_both_parts_have_one(blocks: int, train_bps: int, training: int) -> None:
    assert split(range(5, 5 + blocks), train_bps) == training


def test_blocks_that_do_not_ascend_are_refused() -> None:
    for numbers in ((1, 3, 2), (1, 1)):
        with pytest.raises(ValueError, match="ascend"):
            split(numbers, 7_000)


def test_the_best_in_training_is_chosen_and_judged_by_later_blocks() -> None:
    profits = [[5, 1, 5], [1, 1, 1], [0, 4, 3], [2, 5, 0], [1, 0, 0]]
    found = choose(profits, 2)
    assert (found.chosen, found.train_wei, found.test_wei) == (0, (6, 2, 6), (3, 9, 3))
    assert found.test_rank == 2
    assert found.kept == pytest.approx((3 / 3) / (6 / 2))
    assert choose(profits, 5).kept is None
    assert choose([[0, -1], [3, 3]], 1).kept is None


def test_a_set_that_is_best_everywhere_is_no_overfitting() -> None:
    found = overfitting([[3 * n + 1, n, 0] for n in range(1, 9)], 8)
    assert found is not None
    assert (found.parts, found.splits, found.probability, found.loss) == (8, 70, 0, 0)
    assert found.slope == pytest.approx(-1)  # both halves add up to the whole


def test_sets_that_are_good_at_different_times_are() -> None:
    """Each of four parts pays one set alone. The best of the six halves holds its own part, so it earns nothing in the
    other half, where two of the others have theirs: rank 1.5 of 4, over 5."""
    profits = [[100 if place == row else 0 for place in range(4)] for row in range(4)]
    found = overfitting(profits, 4)
    assert found is not None
    assert (found.splits, found.probability, found.loss, found.slope) == (6, 1, 1, None)


def test_worked_values_of_two_sets_over_four_parts() -> None:
    profits = [[3, 1], [1, 1], [0, 4], [1, 1]]
    found = overfitting(profits, 4)
    assert found is not None
    # half 01: a best (4 > 2); in 23 a 1, b 5: worst                          -> chance
    # half 02: b best (5 > 3); in 13 a 2, b 2: equal, the mean rank           -> chance
    # half 03: a best (4 > 2); in 12 a 1, b 5: worst                          -> chance
    # half 12: b best (5 > 1); in 03 a 4, b 2: worst                          -> chance
    # half 13: a = b = 2, the first: a; in 02 a 3, b 5: worst                 -> chance
    # half 23: b best (5 > 1); in 01 a 4, b 2: worst                          -> chance
    assert (found.splits, found.probability, found.loss) == (6, 1, 0)
    xs, ys = (4, 5, 4, 5, 2, 5), (1, 2, 1, 2, 3, 2)
    mean_x, mean_y = sum(xs) / 6, sum(ys) / 6
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    assert found.slope == pytest.approx(covariance / sum((x - mean_x) ** 2 for x in xs))


def test_against_a_plain_way_of_counting() -> None:
    draw = random.Random(3)
    profits = [[draw.randrange(10**18, 10**21) for _ in range(5)] for _ in range(17)]
    found = overfitting(profits, 6)
    parts = [profits[0:2], profits[2:5], profits[5:8], profits[8:11], profits[11:14], profits[14:17]]
    chance = 0
    halves = list(combinations(range(6), 3))
    for half in halves:
        inside = [sum(row[s] for p in half for row in parts[p]) for s in range(5)]
        outside = [sum(row[s] for p in range(6) if p not in half for row in parts[p]) for s in range(5)]
        best = max(range(5), key=inside.__getitem__)
        chance += sorted(outside).index(outside[best]) + 1 <= 3
    assert found is not None
    assert (found.parts, found.splits) == (6, 20)
    assert found.probability == pytest.approx(chance / len(halves))


def test_profit_by_chance_is_overfitting_half_of_the_time() -> None:
    draw = random.Random(11)
    shares = []
    for _ in range(40):
        found = overfitting([[draw.randrange(1_000) for _ in range(6)] for _ in range(32)], 8)
        assert found is not None
        shares.append(found.probability)
    assert 0.35 < sum(shares) / len(shares) < 0.65


def test_too_little_to_check() -> None:
    assert overfitting([[1, 2]] * 3, 16) is None
    assert overfitting([[1]] * 20, 16) is None
    assert overfitting([[1, 2]] * 5, 16) is not None
