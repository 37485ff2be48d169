"""Ways round cycles: one of a cycle's two directions, as the edges to trade in order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.detector.rows import NO_EDGE

Path = tuple[int, ...]


class Standing(NamedTuple):
    """A way that gains at the margin.

    ``amount_in``, in units of the token that the first edge sells, is where to look for the best input. ``peaks`` has
    the float optimum, input and profit, of starting with each edge in turn; zeros where nobody would start.
    """

    path: Path
    amount_in: int
    peaks: tuple[tuple[float, float], ...]


def path_of(row: NDArray[np.int32], backwards: bool = False) -> Path:
    """The edges of a cycle's ``row``, or those of its reverse, which starts with the same token."""
    edges = tuple(edge for edge in row.tolist() if edge != NO_EDGE)
    return tuple(edge ^ 1 for edge in reversed(edges)) if backwards else edges


def turned(path: Path, by: int) -> Path:
    return path[by:] + path[:by]
