"""Unsigned integers of 256 bits for kernels: compiled they lie in registers, as plain Python they are integers.

A word's operators ``+ - * << >> & | ^ ~`` wrap at 256 bits as unchecked EVM code does, ``== != < <= > >=`` compare
without sign; shift amounts are uint64 below 256. Limbs are uint64, the lowest first. What can fail gives
``(value, ok)``: where ``ok`` is false the EVM reverts and the value means nothing.

* ``constant(python_int)``: at module level; the word as a callable without arguments, for kernels
* ``u256(x)`` of a uint64; ``from_limbs(l0, l1, l2, l3)``; ``limb(a, i)`` as uint64
* ``load(p, i)``, ``store(p, i, a)``: the four limbs from item ``i`` of an uint64 array or pointer;
  ``load128``, ``store128``: two limbs, the upper half of the word zero or left out
* ``to_float(a)`` within two units of the last place; ``from_float(x)`` the floor, 0 below one and for NaN, saturating
* ``bits(a)`` without leading zeros; ``fits(a, n)``: whether ``a < 2**n``, ``n`` up to 255
* ``add_checked(a, b)``, ``sub_checked(a, b)``, ``mul_checked(a, b)`` give ``(value, ok)``, wrapped where not ok
* ``mul_wide(a, b)`` gives ``(high, low)``, the product of 512 bits
* ``mul_128(a, b)``: the product of the lower halves, which is faster than ``*`` and never wraps
* ``mul_div(a, b, d)``, ``mul_div_up(a, b, d)`` give ``(value, ok)``: ``a * b / d`` with the product of 512 bits; not ok
  for ``d == 0`` and for a result beyond 256 bits (Uniswap v3 ``FullMath``)
* ``div(a, d)``, ``div_up(a, d)``, ``div_small(a, d)`` (``d`` an uint64) give ``(value, ok)``; not ok for ``d == 0``
* ``isqrt(a)``: the floor of the square root
"""

from typing import TYPE_CHECKING

from tallyio.hot_path.compiled import DISABLED

if TYPE_CHECKING or DISABLED:
    from tallyio.hot_path.uint256.plain import (
        add_checked,
        bits,
        constant,
        div,
        div_small,
        div_up,
        fits,
        from_float,
        from_float_128,
        from_limbs,
        isqrt,
        limb,
        load,
        load128,
        mul_128,
        mul_checked,
        mul_div,
        mul_div_up,
        mul_wide,
        store,
        store128,
        sub_checked,
        to_float,
        u256,
    )
else:
    from tallyio.hot_path.uint256.native_arithmetic import (
        add_checked,
        div,
        div_small,
        div_up,
        fits,
        isqrt,
        mul_128,
        mul_checked,
        mul_div,
        mul_div_up,
        mul_wide,
        sub_checked,
    )
    from tallyio.hot_path.uint256.native_words import (
        bits,
        constant,
        from_float,
        from_float_128,
        from_limbs,
        limb,
        load,
        load128,
        store,
        store128,
        to_float,
        u256,
    )

__all__ = [
    "add_checked",
    "bits",
    "constant",
    "div",
    "div_small",
    "div_up",
    "fits",
    "from_float",
    "from_float_128",
    "from_limbs",
    "isqrt",
    "limb",
    "load",
    "load128",
    "mul_128",
    "mul_checked",
    "mul_div",
    "mul_div_up",
    "mul_wide",
    "store",
    "store128",
    "sub_checked",
    "to_float",
    "u256",
]
