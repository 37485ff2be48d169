"""The pathfinder's kernels, called once on two pools."""

import numpy as np

from tallyio.hot_path.pathfinder.finder import Pathfinder


def warm() -> None:
    finder = Pathfinder()
    for pool in range(2):
        finder.add(0, 1, pool)
    finder.set_rates(np.array([2.0, 0.4, 1.9, 0.6]))
    finder.cycles([0], 2)
    finder.long_cycles(1)
