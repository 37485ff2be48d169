"""The reciprocal of a limb, found from a double, is exact."""

from typing import Any

import numpy as np

from tallyio.core.clock import seeded
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.uint256.native_machine import limb_reciprocal

TOP = 2**63


@kernel
def _reciprocals(divisors: Any, out: Any) -> None:
    for i in range(divisors.size):
        out[i] = limb_reciprocal(divisors[i])


def test_the_reciprocal_is_exact_at_every_kind_of_divisor() -> None:
    random = seeded(9, "reciprocal")
    edges = {TOP + sign * (1 << k) + off for k in range(64) for sign in (0, 1) for off in range(-3, 4)}
    edges |= {2**64 - (1 << k) + off for k in range(64) for off in range(-3, 4)}
    # beside 2**128 / n the quotient steps by one, so an estimate that is off by one shows there
    quotients = [random.randrange(2**64 + 1, 2**65) for _ in range(50_000)]
    near = {2**128 // q + off for q in quotients for off in (-1, 0, 1)}
    chosen = sorted(d for d in edges | near | {random.getrandbits(63) | TOP for _ in range(50_000)} if TOP <= d < 2**64)
    out = np.zeros(len(chosen), np.uint64)
    _reciprocals(np.array(chosen, np.uint64), out)
    assert len(chosen) > 150_000
    assert out.tolist() == [(2**128 - 1) // d - 2**64 for d in chosen]
