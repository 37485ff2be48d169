"""Training and test blocks, by time: what is chosen is judged by blocks that come later."""

import itertools
from collections.abc import Sequence

from tallyio.core.units import BPS


def split(numbers: Sequence[int], train_bps: int) -> int:
    """How many of the ascending ``numbers`` are for training: the first ``train_bps`` basis points of them.

    Both parts get at least one block where there are two. Raises ``ValueError`` where ``numbers`` do not ascend.
    """
    if any(a >= b for a, b in itertools.pairwise(numbers)):
        raise ValueError("block numbers must ascend")
    if len(numbers) < 2:
        return len(numbers)
    return min(max(len(numbers) * train_bps // BPS, 1), len(numbers) - 1)
