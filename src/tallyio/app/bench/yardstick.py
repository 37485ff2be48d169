"""A fixed piece of work that every row without a reference of its own is measured beside, so that rows of different
days and of a machine whose clock wanders can be compared.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cpu.clock import ns_per_tick, ticks

STEPS = 100
BATCH = 100
ROUNDS = 15
WHAT = f"{STEPS} dependent 64-bit multiplications"


def yardstick_ns() -> float:
    """Nanoseconds of ``WHAT`` now: the quickest of a few batches, half a millisecond in all."""
    quickest: int = min(_multiply(np.uint64(BATCH)) for _ in range(ROUNDS))
    return quickest * ns_per_tick() / BATCH


@kernel
def _multiply(batch: Any) -> Any:
    value = np.uint64(0x9E3779B97F4A7C15)
    start = ticks()
    for _ in range(batch * np.uint64(STEPS)):
        value = value * value + np.uint64(2)  # a permutation of no short cycle to fold away
    span = ticks() - start
    return span if value != np.uint64(0) else span + np.uint64(1)
