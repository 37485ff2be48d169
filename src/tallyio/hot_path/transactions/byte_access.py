"""``byte(p, i)``: an int64. ``load_be(p, i)``: the eight bytes from ``i`` on as a big-endian uint64, aligned or not.
``multiply(a, b)``: the low 64 bits of a product of two uint64.

``p`` holds uint8: a one-dimensional array or a raw pointer to one. Compiled, nothing is checked: what is read must lie
in the buffer. As plain Python a read outside raises ``IndexError``, which makes every test there a test of bounds.
"""

from typing import TYPE_CHECKING

from tallyio.hot_path.compiled import DISABLED

if TYPE_CHECKING or DISABLED:
    from tallyio.hot_path.transactions.bytes_plain import byte, load_be, multiply
else:
    from tallyio.hot_path.transactions.bytes_native import byte, load_be, multiply

__all__ = ["byte", "load_be", "multiply"]
