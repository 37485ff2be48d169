"""What Python calls of the index, ready."""

import numpy as np


def warm() -> None:
    from tallyio.hot_path.cycle_index.index import CycleIndex
    from tallyio.hot_path.cycle_index.rows import build_rows

    index = CycleIndex(max_hops=4, anchor=0)
    index.add_pools(np.array([(0, 1)] * 40))
    index.disable(3)
    build_rows(index.cycles.table, index.pools)
