"""Memory that begins on a pair of cache lines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def aligned(words: int, dtype: Any = np.uint64) -> NDArray[Any]:
    """Zeroed memory that begins on a pair of cache lines."""
    raw = np.zeros(words * np.dtype(dtype).itemsize + 128, np.uint8)
    skip = -raw.ctypes.data % 128
    return raw[skip : skip + words * np.dtype(dtype).itemsize].view(dtype)
