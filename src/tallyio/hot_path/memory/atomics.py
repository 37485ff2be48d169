"""Atomic operations on the 64-bit words ``p[i]`` of an array or a raw pointer, for kernels.

``load_acquire(p, i)``, ``store_release(p, i, v)``, ``load_relaxed``, ``store_relaxed``, ``fetch_add(p, i, v)`` and
``exchange(p, i, v)`` (both give the word as it was), ``compare_and_swap(p, i, old, new)`` (whether it was ``old`` and
is ``new`` now), ``fence_acquire()``, ``fence_release()``, ``fence_full()``, ``pause()`` (for loops that wait). Orders
are those of the C++ memory model; sums wrap at 64 bits. ``p`` holds uint64 or int64 and is aligned to 8 bytes.
"""

from typing import TYPE_CHECKING

from tallyio.hot_path.compiled import DISABLED

if TYPE_CHECKING or DISABLED:
    from tallyio.hot_path.memory.atomics_plain import (
        compare_and_swap,
        exchange,
        fence_acquire,
        fence_full,
        fence_release,
        fetch_add,
        load_acquire,
        load_relaxed,
        pause,
        store_relaxed,
        store_release,
    )
else:
    from tallyio.hot_path.memory.atomics_native import (
        compare_and_swap,
        exchange,
        fence_acquire,
        fence_full,
        fence_release,
        fetch_add,
        load_acquire,
        load_relaxed,
        pause,
        store_relaxed,
        store_release,
    )

__all__ = [
    "compare_and_swap",
    "exchange",
    "fence_acquire",
    "fence_full",
    "fence_release",
    "fetch_add",
    "load_acquire",
    "load_relaxed",
    "pause",
    "store_relaxed",
    "store_release",
]
