"""The float optimum of a cycle, and the bound that no input exceeds."""

from math import sqrt
from random import Random
from typing import NamedTuple

import pytest

from tallyio.hot_path.peak import peak


class Product(NamedTuple):
    """A pair's curve: reserves in and out, and what the fee leaves of an input."""

    a: float
    b: float
    keep: float = 0.997

    @property
    def depth(self) -> float:
        return float("inf")

    def output(self, x: float) -> float:
        return self.b * self.keep * x / (self.a + self.keep * x)

    def rate(self, x: float = 0.0) -> float:
        return self.b * self.keep * self.a / (self.a + self.keep * x) ** 2


class Power(NamedTuple):
    """Output ``scale * x ** p``: concave, and steep at nothing."""

    scale: float
    p: float

    @property
    def depth(self) -> float:
        return float("inf")

    def output(self, x: float) -> float:
        return self.scale * x**self.p

    def rate(self, x: float = 0.0) -> float:
        return self.scale * self.p * max(x, 1e-9) ** (self.p - 1)


class Bent(NamedTuple):
    """Pays little more than it takes up to 1e6, then much more for a while: two peaks."""

    @property
    def depth(self) -> float:
        return float("inf")

    def output(self, x: float) -> float:
        knees = ((0.0, 1e6, 1.01), (1e6, 2e6, 0.995), (2e6, 2e8, 1.05), (2e8, 1e30, 0.5))
        return sum(max(0.0, min(x, high) - low) * rate for low, high, rate in knees)

    def rate(self, x: float = 0.0) -> float:
        return 1.01 if x < 1e6 else 0.995 if x < 2e6 else 1.05 if x < 2e8 else 0.5


def chain(x: int, pools: list[tuple[int, int]]) -> int:
    for a, b in pools:
        x = x * 997 * b // (a * 1000 + x * 997)
    return x


def test_two_pairs_reach_the_closed_form() -> None:
    a, b, c, d, k = 1e21, 2.1e21, 2e21, 1e21, 0.997
    top = peak((Product(a, b), Product(c, d)))
    assert top is not None
    best = (sqrt(a * b * c * d * k * k) - a * c) / (k * c + k * k * b)
    assert top.amount_in == pytest.approx(best, rel=1e-7)
    assert top.profit <= top.bound <= top.profit * (1 + 1e-9) + best * 2**-40


def test_no_whole_amount_exceeds_the_bound() -> None:
    random = Random(3)
    for _ in range(30):
        pools = [(random.randint(10**4, 10**5), random.randint(10**4, 10**5)) for _ in range(random.randint(2, 4))]
        top = peak([Product(float(a), float(b)) for a, b in pools])
        best = max(chain(x, pools) - x for x in range(1, 60_000))
        assert top is None or best <= top.bound
        assert top is not None or best <= 0


def test_a_pool_that_is_steep_at_nothing() -> None:
    top = peak((Power(1e9, 0.5), Product(1e18, 1e18, 1.0)))
    assert top is not None
    x = top.amount_in
    for near in (x * 0.999, x * 1.001):
        amount = Product(1e18, 1e18, 1.0).output(Power(1e9, 0.5).output(near))
        assert amount - near <= top.profit


def test_of_two_peaks_the_higher_is_taken() -> None:
    top = peak((Bent(),))
    assert top is not None
    assert top.amount_in == pytest.approx(2e8, rel=1e-6)


def test_nothing_gains_where_fees_are_all_there_is() -> None:
    assert peak((Product(1e20, 1e20), Product(1e20, 1e20))) is None
