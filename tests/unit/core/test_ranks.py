import pytest

from tallyio.core.ranks import nearest_rank


@pytest.mark.parametrize(
    ("count", "percent", "rank"),
    [(1, 99, 1), (1, 0, 1), (4, 50, 2), (5, 50, 3), (100, 99, 99), (101, 99, 100), (20, 5, 1), (21, 5, 2), (7, 100, 7)],
)
def test_the_nearest_rank_of_the_first_numbers_is_the_number(count: int, percent: int, rank: int) -> None:
    assert nearest_rank(range(1, count + 1), percent) == rank
