"""Health factors of many lending accounts at once, as float hints; the exact figure is the protocol's own integer."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel

Floats = Any

_INFINITE = np.inf


@kernel
def health_factors(collateral: Floats, threshold: Floats, debt: Floats, out: Floats) -> None:
    """``collateral * threshold / debt`` into ``out``; an account without debt has an infinite one.

    Contiguous float64 arrays of one length, unchecked: values in one currency, thresholds as fractions. A NaN stays
    one, which no search for low factors finds. Equal to the plain answer to the bit: no fast-math.
    """
    for i in range(out.size):
        owed = debt[i]
        free = owed == 0.0
        factor = collateral[i] * threshold[i] / (1.0 if free else owed)
        out[i] = _INFINITE if free else factor
