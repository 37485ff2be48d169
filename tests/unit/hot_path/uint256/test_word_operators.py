"""Operators, loads and stores of compiled words against Python's integers."""

from typing import Any

import numpy as np

from tallyio.core.clock import seeded
from tallyio.hot_path.check.inputs import below
from tallyio.hot_path.check.loops import packed
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.pointer import pointer, pointer_at, prefetch
from tallyio.hot_path.uint256 import bits, fits, limb, load, load128, store, store128

_MODULUS = 2**256


@kernel
def _operate(given: Any, out: Any, flags: Any, places: Any) -> None:
    p, q = pointer(given), pointer(out)
    prefetch(p, 0)
    a, b = load(p, 0), load(pointer_at(p, 4), 0)
    store(q, 0, a + b)
    store(q, 4, a - b)
    store(q, 8, a * b)
    store(q, 12, a & b)
    store(q, 16, a | b)
    store(q, 20, a ^ b)
    store(q, 24, ~a)
    store(q, 28, a << places)
    store(q, 32, a >> places)
    store128(q, 36, a)
    store(q, 38, load128(p, 2))
    for i in range(4):
        q[42 + i] = limb(a, i)
    q[46] = bits(a)
    flags[0] = a == b
    flags[1] = a != b
    flags[2] = a < b
    flags[3] = a <= b
    flags[4] = a > b
    flags[5] = a >= b
    flags[6] = fits(a, places)


def test_operators_wrap_and_compare_as_integers_modulo_2_to_the_256() -> None:
    random = seeded(7, "operators")
    for _ in range(500):
        a, b, n = below(random, 256), below(random, 256), random.randrange(256)
        if random.random() < 0.1:
            b = a
        out, flags = np.zeros(47, np.uint64), np.zeros(7, np.uint8)
        _operate(packed([(a, b)]), out, flags, np.uint64(n))
        words = [int.from_bytes(out[i : i + 4].tobytes(), "little") for i in range(0, 36, 4)]
        expected = [a + b, a - b, a * b, a & b, a | b, a ^ b, ~a, a << n, a >> n]
        assert words == [value % _MODULUS for value in expected]
        assert int.from_bytes(out[36:38].tobytes(), "little") == a % 2**128
        assert int.from_bytes(out[38:42].tobytes(), "little") == a >> 128
        assert [int(x) for x in out[42:46]] == [(a >> (64 * i)) % 2**64 for i in range(4)]
        assert int(out[46]) == a.bit_length()
        assert [bool(f) for f in flags] == [a == b, a != b, a < b, a <= b, a > b, a >= b, a < 2**n]
