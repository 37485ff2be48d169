"""Each kernel over many rows: its words read from a row, its answers stored, and whether they count.

A case is a loop of its own, at its module's level: a loop made around a kernel at run time would be compiled anew by
every process, since only what has a name and a source is cached.
"""

from typing import Any

import numpy as np

from tallyio.hot_path import uint256 as words
from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels import sqrt_price, swap_math, tick_math, v2
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.uint256 import from_float, limb, load, store, to_float, u256

Array = Any
Pointer = Any
Index = int

_ZERO = np.uint64(0)


@kernel
def add_checked(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 8 * row, 4 * row
        value, good = words.add_checked(load(p, i), load(p, i + 4))
        store(q, j, value)
        ok[row] = good


@kernel
def sub_checked(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 8 * row, 4 * row
        value, good = words.sub_checked(load(p, i), load(p, i + 4))
        store(q, j, value)
        ok[row] = good


@kernel
def mul_checked(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 8 * row, 4 * row
        value, good = words.mul_checked(load(p, i), load(p, i + 4))
        store(q, j, value)
        ok[row] = good


@kernel
def mul_wide(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i = j = 8 * row
        value0, value1 = words.mul_wide(load(p, i), load(p, i + 4))
        store(q, j, value0)
        store(q, j + 4, value1)
        ok[row] = True


@kernel
def mul_div(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 12 * row, 4 * row
        value, good = words.mul_div(load(p, i), load(p, i + 4), load(p, i + 8))
        store(q, j, value)
        ok[row] = good


@kernel
def mul_div_up(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 12 * row, 4 * row
        value, good = words.mul_div_up(load(p, i), load(p, i + 4), load(p, i + 8))
        store(q, j, value)
        ok[row] = good


@kernel
def div(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 8 * row, 4 * row
        value, good = words.div(load(p, i), load(p, i + 4))
        store(q, j, value)
        ok[row] = good


@kernel
def div_up(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 8 * row, 4 * row
        value, good = words.div_up(load(p, i), load(p, i + 4))
        store(q, j, value)
        ok[row] = good


@kernel
def div_small(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 8 * row, 4 * row
        value, good = words.div_small(load(p, i), limb(load(p, i + 4), 0))
        store(q, j, value)
        ok[row] = good


@kernel
def isqrt(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i = j = 4 * row
        value = words.isqrt(load(p, i))
        store(q, j, value)
        ok[row] = True


@kernel
def through_float(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i = j = 4 * row
        store(q, j, from_float(to_float(load(p, i))))
        ok[row] = True


@kernel
def amount_out(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 16 * row, 4 * row
        value, good = v2.amount_out(load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0))
        store(q, j, value)
        ok[row] = good


@kernel
def amount_in(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 16 * row, 4 * row
        value, good = v2.amount_in(load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0))
        store(q, j, value)
        ok[row] = good


@kernel
def amount0_delta(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 16 * row, 4 * row
        value, good = sqrt_price.amount0_delta(
            load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0) != _ZERO
        )
        store(q, j, value)
        ok[row] = good


@kernel
def amount1_delta(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 16 * row, 4 * row
        value, good = sqrt_price.amount1_delta(
            load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0) != _ZERO
        )
        store(q, j, value)
        ok[row] = good


@kernel
def next_from_input(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 16 * row, 4 * row
        value, good = sqrt_price.next_from_input(
            load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0) != _ZERO
        )
        store(q, j, value)
        ok[row] = good


@kernel
def next_from_output(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 16 * row, 4 * row
        value, good = sqrt_price.next_from_output(
            load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0) != _ZERO
        )
        store(q, j, value)
        ok[row] = good


@inlined
def _step(p: Pointer, i: Index, q: Pointer, j: Index) -> bool:
    value0, value1, value2, value3, good = swap_math.swap_step(
        load(p, i),
        load(p, i + 4),
        load(p, i + 8),
        load(p, i + 12),
        limb(load(p, i + 16), 0),
        limb(load(p, i + 20), 0) != _ZERO,
    )
    store(q, j, value0)
    store(q, j + 4, value1)
    store(q, j + 8, value2)
    store(q, j + 12, value3)
    return good


@kernel
def swap_step(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        ok[row] = _step(p, 24 * row, q, 16 * row)


@kernel
def quote_step(rows: Array, out: Array, ok: Array) -> None:
    """A whole step, told by the quote where it speaks: an exact input that ends inside."""
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i, j = 24 * row, 16 * row
        ok[row] = _step(p, i, q, j)
        price, amount, inside = swap_math.quote_step(
            load(p, i), load(p, i + 4), load(p, i + 8), load(p, i + 12), limb(load(p, i + 16), 0)
        )
        if inside and limb(load(p, i + 20), 0) != _ZERO:
            store(q, j, price)
            store(q, j + 8, amount)
            ok[row] = True


@kernel
def sqrt_ratio_at_tick(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i = j = 4 * row
        value, good = tick_math.sqrt_ratio_at_tick(np.int64(limb(load(p, i), 0)))
        store(q, j, value)
        ok[row] = good


@kernel
def tick_at_sqrt_ratio(rows: Array, out: Array, ok: Array) -> None:
    p, q = pointer(rows), pointer(out)
    for row in range(len(ok)):
        i = j = 4 * row
        value, good = tick_math.tick_at_sqrt_ratio(load(p, i))
        # a negative tick in two's complement, as an int256
        word = u256(np.uint64(value))
        if value < np.int64(0):
            word = u256(_ZERO) - u256(np.uint64(-value))
        store(q, j, word)
        ok[row] = good
