"""Each kernel as a case: its words read from a row, its answers stored, and whether they count."""

from typing import Any

import numpy as np

from tallyio.hot_path import uint256 as words
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels import sqrt_price, swap_math, tick_math, v2
from tallyio.hot_path.uint256 import from_float, limb, load, store, to_float, u256

Pointer = Any
Index = int

_ZERO = np.uint64(0)


@kernel
def add_checked(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = words.add_checked(load(p, i), load(p, i + 4))
    store(out, j, value)
    return ok


@kernel
def sub_checked(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = words.sub_checked(load(p, i), load(p, i + 4))
    store(out, j, value)
    return ok


@kernel
def mul_checked(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = words.mul_checked(load(p, i), load(p, i + 4))
    store(out, j, value)
    return ok


@kernel
def mul_wide(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value0, value1 = words.mul_wide(load(p, i), load(p, i + 4))
    store(out, j, value0)
    store(out, j + 4, value1)
    return True


@kernel
def mul_div(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = words.mul_div(load(p, i), load(p, i + 4), load(p, i + 8))
    store(out, j, value)
    return ok


@kernel
def mul_div_up(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = words.mul_div_up(load(p, i), load(p, i + 4), load(p, i + 8))
    store(out, j, value)
    return ok


@kernel
def div(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = words.div(load(p, i), load(p, i + 4))
    store(out, j, value)
    return ok


@kernel
def div_up(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = words.div_up(load(p, i), load(p, i + 4))
    store(out, j, value)
    return ok


@kernel
def div_small(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = words.div_small(load(p, i), limb(load(p, i + 4), 0))
    store(out, j, value)
    return ok


@kernel
def isqrt(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value = words.isqrt(load(p, i))
    store(out, j, value)
    return True


@kernel
def through_float(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    store(out, j, from_float(to_float(load(p, i))))
    return True


@kernel
def amount_out(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = v2.amount_out(load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0))
    store(out, j, value)
    return ok


@kernel
def amount_in(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = v2.amount_in(load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0))
    store(out, j, value)
    return ok


@kernel
def amount0_delta(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = sqrt_price.amount0_delta(load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0) != _ZERO)
    store(out, j, value)
    return ok


@kernel
def amount1_delta(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = sqrt_price.amount1_delta(load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0) != _ZERO)
    store(out, j, value)
    return ok


@kernel
def next_from_input(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = sqrt_price.next_from_input(
        load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0) != _ZERO
    )
    store(out, j, value)
    return ok


@kernel
def next_from_output(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = sqrt_price.next_from_output(
        load(p, i), load(p, i + 4), load(p, i + 8), limb(load(p, i + 12), 0) != _ZERO
    )
    store(out, j, value)
    return ok


@kernel
def swap_step(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value0, value1, value2, value3, ok = swap_math.swap_step(
        load(p, i),
        load(p, i + 4),
        load(p, i + 8),
        load(p, i + 12),
        limb(load(p, i + 16), 0),
        limb(load(p, i + 20), 0) != _ZERO,
    )
    store(out, j, value0)
    store(out, j + 4, value1)
    store(out, j + 8, value2)
    store(out, j + 12, value3)
    return ok


@kernel
def quote_step(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    """A whole step, told by the quote where it speaks: an exact input that ends inside."""
    ok = swap_step(p, i, out, j)
    price, amount, inside = swap_math.quote_step(
        load(p, i), load(p, i + 4), load(p, i + 8), load(p, i + 12), limb(load(p, i + 16), 0)
    )
    if inside and limb(load(p, i + 20), 0) != _ZERO:
        store(out, j, price)
        store(out, j + 8, amount)
        return True
    return ok


@kernel
def sqrt_ratio_at_tick(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = tick_math.sqrt_ratio_at_tick(np.int64(limb(load(p, i), 0)))
    store(out, j, value)
    return ok


@kernel
def tick_at_sqrt_ratio(p: Pointer, i: Index, out: Pointer, j: Index) -> bool:
    value, ok = tick_math.tick_at_sqrt_ratio(load(p, i))
    # a negative tick in two's complement, as an int256
    word = u256(np.uint64(value))
    if value < np.int64(0):
        word = u256(_ZERO) - u256(np.uint64(-value))
    store(out, j, word)
    return ok
