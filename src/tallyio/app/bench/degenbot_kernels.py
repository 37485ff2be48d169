"""The loops that are timed beside degenbot: inputs as words of four limbs, results stored, ticks returned.

A result whose quote is refused is stored as zero, which no quote is.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cpu.clock import ticks
from tallyio.hot_path.kernels import v2
from tallyio.hot_path.kernels.swap_math import swap_step
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.uint256 import from_float, load, store, to_float, u256

_ZERO, _ONE, _TWO, _THREE = (np.uint64(n) for n in range(4))
_LIMBS = np.uint64(4)
_PIPS = 1e6


@kernel
def quotes(given: Any, found: Any, count: Any, fee: Any) -> Any:
    """Amount in, reserve in, reserve out: amount out."""
    p, q = pointer(given), pointer(found)
    start = ticks()
    for i in range(count):
        at = i * _THREE * _LIMBS
        out, ok = v2.amount_out(load(p, at), load(p, at + _LIMBS), load(p, at + _TWO * _LIMBS), fee)
        store(q, i * _LIMBS, out if ok else u256(_ZERO))
    return ticks() - start


@kernel
def steps(given: Any, found: Any, count: Any, fee: Any) -> Any:
    """Price, target, liquidity, amount: new price, amount in, amount out, fee."""
    p, q = pointer(given), pointer(found)
    start = ticks()
    for i in range(count):
        at = i * _LIMBS * _LIMBS
        price, taken, out, paid, ok = swap_step(
            load(p, at),
            load(p, at + _LIMBS),
            load(p, at + _TWO * _LIMBS),
            load(p, at + _THREE * _LIMBS),
            fee,
            True,
        )
        store(q, at, price if ok else u256(_ZERO))
        store(q, at + _LIMBS, taken)
        store(q, at + _TWO * _LIMBS, out)
        store(q, at + _THREE * _LIMBS, paid)
    return ticks() - start


@kernel
def best_inputs(given: Any, found: Any, count: Any, fee: Any) -> Any:
    """Reserves of two pools (0, 1, 0, 1): the best input of token 0 into the first, and its exact profit."""
    p, q = pointer(given), pointer(found)
    kept = 1.0 - float(fee) / _PIPS
    start = ticks()
    for i in range(count):
        at = i * _LIMBS * _LIMBS
        in0, out1 = load(p, at), load(p, at + _LIMBS)
        out0, in1 = load(p, at + _TWO * _LIMBS), load(p, at + _THREE * _LIMBS)
        # The two hops are one map, a x / (b + c x), whose profit is greatest at (sqrt(a b) - b) / c.
        middle, back = to_float(out1), to_float(in1)
        a, b = kept * kept * middle * to_float(out0), to_float(in0) * back
        best = from_float((np.sqrt(a * b) - b) / (kept * (back + kept * middle)))
        first, first_ok = v2.amount_out(best, in0, out1, fee)
        last, last_ok = v2.amount_out(first, in1, out0, fee)
        sure = first_ok and last_ok and last > best
        store(q, i * _TWO * _LIMBS, best if sure else u256(_ZERO))
        store(q, i * _TWO * _LIMBS + _LIMBS, last - best if sure else u256(_ZERO))
    return ticks() - start
