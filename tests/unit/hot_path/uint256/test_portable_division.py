"""Division for processors without an instruction for it, run here all the same."""

import numpy as np

from tallyio.core.clock import seeded
from tallyio.hot_path.uint256.portable import divide_limbs

EDGES = (0, 1, 2, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1)


def test_the_portable_division_is_divmod_on_random_and_edge_limbs() -> None:
    random, compared = seeded(3, "portable"), 0
    pool = [random.getrandbits(random.randint(1, 64)) for _ in range(60)] + list(EDGES)
    for d in pool[-40:]:
        for high in random.sample(pool, 20):
            for low in random.sample(pool, 20):
                if high >= d:
                    continue
                expected = divmod((high << 64) | low, d)
                found = divide_limbs(np.uint64(high), np.uint64(low), np.uint64(d))
                assert tuple(int(value) for value in found) == expected, (high, low, d)
                compared += 1
    assert compared > 4000
