"""Single operations against their definition, and threads that run them at the same time."""

from threading import Thread
from typing import Any

import numpy as np
import pytest

from tallyio.hot_path.compiled import DISABLED, kernel
from tallyio.hot_path.memory import atomics
from tallyio.hot_path.pointer import pointer


@kernel
def each_operation(p: Any) -> Any:
    added = atomics.fetch_add(p, 0, np.uint64(2**64 - 1))
    swapped = atomics.compare_and_swap(p, 1, np.uint64(7), np.uint64(8))
    kept = atomics.compare_and_swap(p, 1, np.uint64(7), np.uint64(9))
    before = atomics.exchange(p, 2, np.uint64(11))
    atomics.store_release(p, 3, atomics.load_acquire(p, 1))
    atomics.store_relaxed(p, 4, atomics.load_relaxed(p, 2))
    atomics.fence_acquire()
    atomics.fence_release()
    atomics.fence_full()
    atomics.pause()
    return added, swapped, kept, before


@kernel
def on_pointer(array: Any) -> Any:
    return each_operation(pointer(array))


@kernel
def signed(p: Any) -> Any:
    return atomics.fetch_add(p, 0, np.int64(-3))


@kernel
def add_many(p: Any, times: int) -> None:
    for _ in range(times):
        atomics.fetch_add(p, 0, np.uint64(1))


@kernel
def swap_many(p: Any, times: int) -> None:
    for _ in range(times):
        while True:
            old = atomics.load_relaxed(p, 0)
            if atomics.compare_and_swap(p, 0, old, old + np.uint64(1)):
                break


@pytest.mark.parametrize("run", [each_operation, on_pointer], ids=["array", "pointer"])
def test_each_operation(run: Any) -> None:
    p = np.array([2, 7, 5, 0, 0], np.uint64)
    assert run(p) == (2, True, False, 5)
    assert p.tolist() == [1, 8, 11, 8, 11]


def test_signed_words_wrap_too() -> None:
    p = np.array([-(2**63) + 1], np.int64)
    assert signed(p) == -(2**63) + 1
    assert p[0] == 2**63 - 2


@pytest.mark.parametrize("run", [add_many, swap_many], ids=["fetch-add", "compare-and-swap"])
def test_nothing_is_lost_between_threads(run: Any) -> None:
    p = np.zeros(1, np.uint64)
    run(p, 0)
    times = 2_000 if DISABLED else 500_000
    threads = [Thread(target=run, args=(p, times)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert p[0] == 4 * times


@pytest.mark.skipif(DISABLED, reason="plain Python takes words of any kind")
@pytest.mark.parametrize(
    "array", [np.zeros(2, np.uint32), np.zeros(2), np.zeros((2, 2), np.uint64), np.zeros(4, np.uint64)[::2]]
)
def test_words_of_another_kind_do_not_compile(array: Any) -> None:
    from numba.core.errors import TypingError

    with pytest.raises(TypingError):
        signed(array)
