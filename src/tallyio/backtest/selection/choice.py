"""The parameter set that earned most in training, and how it did afterwards."""

from collections.abc import Sequence

import msgspec


class Choice(msgspec.Struct, frozen=True):
    """``chosen`` is the index of the set; wei sums of the two parts, for every set in order.

    ``test_rank``: 1 where no set did better in the test. ``kept`` is what the test earned a block, as a share of what
    training earned a block; None where that was nothing or there was no test.
    """

    chosen: int
    train_wei: tuple[int, ...]
    test_wei: tuple[int, ...]
    test_rank: int
    kept: float | None


def choose(profits: Sequence[Sequence[int]], training: int) -> Choice:
    """``profits``: wei by block (in order of time) and parameter set; the first ``training`` blocks choose.

    Of sets that earned the same the first is taken.
    """
    train = _sums(profits[:training], profits)
    test = _sums(profits[training:], profits)
    chosen = max(range(len(train)), key=lambda i: (train[i], -i))
    tested = len(profits) - training
    kept = test[chosen] * training / (tested * train[chosen]) if tested and train[chosen] > 0 else None
    return Choice(chosen, train, test, 1 + sum(each > test[chosen] for each in test), kept)


def _sums(rows: Sequence[Sequence[int]], like: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*rows, strict=True))) if rows else (0,) * len(like[0])
