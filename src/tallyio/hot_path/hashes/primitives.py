"""What Keccak's kernels stand on, compiled or as plain Python.

``load_le(p, i)``, ``store_le(p, i, word)``: eight bytes from ``i`` on as a little-endian uint64, aligned or not; ``p``
points to uint8. ``room(count)``: a pointer to ``count`` (a literal) uint64 on the stack, of no stated content, for as
long as the calling kernel runs. ``permute(state)``: Keccak-f[1600] on 25 words. ``permute_lanes(state)``: the same on
``LANES`` states side by side, word ``i`` of lane ``j`` at ``i * LANES + j``; ``LANES`` is 1 without vectors.
``absorb_lanes(state, p, starts, fulls, tails)`` xors into lane ``j`` of such states ``fulls[j]`` words (at most 17, the
rate) read from the byte ``starts[j]`` of ``p`` on, and the word ``tails[j]`` after them where the rate has room.

Compiled, no index is checked. As plain Python a read or write outside raises ``IndexError``.
"""

from typing import TYPE_CHECKING

from tallyio.hot_path.compiled import DISABLED

if TYPE_CHECKING or DISABLED:
    from tallyio.hot_path.hashes.primitives_plain import (
        LANES,
        absorb_lanes,
        load_le,
        permute,
        permute_lanes,
        room,
        store_le,
    )
else:
    from tallyio.hot_path.hashes.primitives_native import (
        LANES,
        absorb_lanes,
        load_le,
        permute,
        permute_lanes,
        room,
        store_le,
    )

__all__ = ["LANES", "absorb_lanes", "load_le", "permute", "permute_lanes", "room", "store_le"]
