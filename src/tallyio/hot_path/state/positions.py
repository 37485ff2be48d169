"""The ticks of a pool as arrays, brought up to date where a newer state differs from the one before."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LIMB = (1 << 64) - 1
_SLICE = 256


class Positions:
    """``ticks`` (count,) and ``nets`` (count, 2): the limbs of each tick's liquidity net in two's complement."""

    def __init__(self) -> None:
        self.known: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self.ticks = np.zeros(0, np.int64)
        self.nets = np.zeros((0, 2), np.uint64)

    def follow(self, ticks: tuple[int, ...], nets: tuple[int, ...]) -> None:
        """A changed position touches two ticks: runs that stayed as they were are copied, the others converted."""
        old_ticks, old_nets = self.known
        parts = [(self.ticks[:0], self.nets[:0])]
        i = j = 0
        while j < len(ticks):
            run = min(_alike(old_ticks, i, ticks, j), _alike(old_nets, i, nets, j))
            parts.append((self.ticks[i : i + run], self.nets[i : i + run]))
            i, j, start = i + run, j + run, j + run
            while i < len(old_ticks) and j < len(ticks) and (old_ticks[i], old_nets[i]) != (ticks[j], nets[j]):
                old, new = old_ticks[i], ticks[j]
                i, j = i + (old <= new), j + (new <= old)
            if i == len(old_ticks):
                j = len(ticks)
            parts.append((np.array(ticks[start:j], np.int64), _limbs(nets[start:j])))
        self.ticks, self.nets = (np.concatenate(part) for part in zip(*parts, strict=True))
        self.known = ticks, nets


def _limbs(nets: Sequence[int]) -> NDArray[np.uint64]:
    return np.array([(net & _LIMB, net >> 64 & _LIMB) for net in nets], np.uint64).reshape(-1, 2)


def _alike(a: Sequence[int], i: int, b: Sequence[int], j: int) -> int:
    """How many items from ``a[i]`` and ``b[j]`` on are the same: by slices, halved where they differ."""
    found, size, most = 0, _SLICE, min(len(a) - i, len(b) - j)
    while size and found < most:
        to = min(found + size, most)
        if a[i + found : i + to] == b[j + found : j + to]:
            found = to
        else:
            size //= 2
    return found
