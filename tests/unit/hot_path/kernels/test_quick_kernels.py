"""Quotients from a float's estimate, and what rests on them, beside Python's integers."""

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pytest

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.amm import swap_math, v2
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.swap_math import quote_step
from tallyio.hot_path.kernels.v2 import amount_out
from tallyio.hot_path.uint256 import load, store, u256
from tallyio.hot_path.uint256.quotient import quotient

MASK = 2**256 - 1


@kernel
def _quotients(p: Any, sizes: Any, count: int) -> None:
    for i in range(count):
        at = i * 12
        q, rest, ok = quotient(load(p, at), sizes[i], load(p, at + 4))
        store(p, at + 8, q)
        p[at + 11] = np.uint64(1) if ok else np.uint64(0)
        p[at + 10] = np.uint64(1) if rest else np.uint64(0)


@kernel
def _pairs(p: Any, fees: Any, count: int) -> None:
    for i in range(count):
        at = i * 16
        out, ok = amount_out(load(p, at), load(p, at + 4), load(p, at + 8), fees[i])
        store(p, at + 12, out if ok else u256(np.uint64(0)))


@kernel
def _steps(p: Any, fees: Any, count: int) -> None:
    for i in range(count):
        at = i * 20
        _, out, inside = quote_step(load(p, at), load(p, at + 4), load(p, at + 8), load(p, at + 12), fees[i])
        store(p, at + 16, out)
        p[at + 19] = np.uint64(1) if inside else np.uint64(0)


def _words(rows: Sequence[tuple[int, ...]], room: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    words = [value >> 64 * limb & (2**64 - 1) for row in rows for value in (*row, 0) for limb in range(4)]
    assert len(words) == len(rows) * room
    return np.array(words, np.uint64)


def _last(words: np.ndarray[Any, np.dtype[np.uint64]], row: int, room: int, limbs: int) -> int:
    at = (row + 1) * room - 4
    return sum(int(words[at + limb]) << 64 * limb for limb in range(limbs))


@pytest.mark.parametrize("count", [400, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_a_quotient_is_that_of_integers_and_is_never_refused_in_its_range(count: int) -> None:
    random = Random(11)
    pairs = []
    for _ in range(count):
        d = random.getrandbits(random.randint(1, 252)) | 1
        q = random.getrandbits(random.randint(0, min(94, 296 - d.bit_length())))
        pairs.append((q * d + random.choice((0, 1, d - 1, random.randrange(d))), d))
    words = _words([(n & MASK, d) for n, d in pairs], 12)
    _quotients(words, np.array([float(n) for n, _ in pairs]), count)
    for i, (n, d) in enumerate(pairs):
        assert int(words[i * 12 + 11]) == 1, (n, d)
        assert _last(words, i, 12, 2) == n // d, (n, d)
        assert bool(words[i * 12 + 10]) == (n % d != 0), (n, d)


def test_a_quotient_beyond_the_range_is_refused() -> None:
    cases = [(1, 0), (2**200, 1), (2**255, 2**253), (0, 0)]
    words = _words(cases, 12)
    _quotients(words, np.array([float(n) for n, _ in cases]), len(cases))
    assert [int(words[i * 12 + 11]) for i in range(len(cases))] == [0] * len(cases)


@pytest.mark.parametrize("count", [400, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_a_pair_pays_what_plain_integers_say(count: int) -> None:
    random = Random(12)
    rows = [tuple(random.getrandbits(random.randint(0, 113)) for _ in range(3)) for _ in range(count)]
    fees = [random.choice((0, 100, 2500, 3000, 3001, 10_000, 999_900, 1_000_000)) for _ in rows]
    words = _words(rows, 16)
    _pairs(words, np.array(fees, np.uint64), count)
    paid = 0
    for i, (row, fee) in enumerate(zip(rows, fees, strict=True)):
        amount, into, beyond = row
        usable = amount and into and beyond < 2**112 and into + amount < 2**112
        try:
            expected = v2.amount_out(amount, into, beyond, fee) if usable else 0
        except ChainDataError:
            expected = 0
        paid += expected > 0
        assert _last(words, i, 16, 4) == expected, (row, fee)
    assert paid > count // 10


@pytest.mark.parametrize("count", [400, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_a_payment_inside_a_range_is_that_of_the_contracts_step(count: int) -> None:
    random = Random(13)
    rows = []
    for _ in range(count):
        price = random.getrandbits(random.randint(33, 160)) | 1 << 32
        target = max(2**32, min(2**160 - 1, int(price * random.choice((0.5, 0.99, 0.9999, 1.0001, 1.01, 2.0)))))
        liquidity = random.getrandbits(random.randint(0, 128))
        rows.append((price, target, liquidity, random.getrandbits(random.randint(1, 110)) | 1))
    fees = [random.choice((0, 100, 500, 3000, 10_000, 999_999)) for _ in rows]
    words = _words(rows, 20)
    _steps(words, np.array(fees, np.uint64), count)
    compared = 0
    for i, (row, fee) in enumerate(zip(rows, fees, strict=True)):
        if not int(words[i * 20 + 19]):
            continue
        compared += 1
        reached, taken, out, charged = swap_math.swap_step(*row, fee, True)
        assert (_last(words, i, 20, 3), taken + charged) == (out, row[3]), (row, fee)
        assert reached != row[1], (row, fee)
    assert compared > count // 10
