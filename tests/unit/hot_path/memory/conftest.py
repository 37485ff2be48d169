"""A folder for shared memory that is each test's own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture
def shm() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tallyio-test-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def aligned() -> Callable[[int], NDArray[np.uint64]]:
    """Zeroed words on a cache line."""

    def make(count: int) -> NDArray[np.uint64]:
        words = np.zeros(count + 8, np.uint64)
        skip = -words.ctypes.data % 64 // 8
        return words[skip : skip + count]

    return make
