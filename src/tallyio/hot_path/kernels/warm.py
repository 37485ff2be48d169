"""The exchange families' quotes and the best input of a cycle over them, ready."""


def warm() -> None:
    import numpy as np

    from tallyio.hot_path.kernels.netting import settle
    from tallyio.hot_path.kernels.rows import (
        best_input,
        input_for,
        pair_row,
        peaks,
        quote,
        slope,
        stable_row,
    )

    wad = 10**18
    row = stable_row((10**24, 10**24), (wad, wad), 20_000, 100, 4_000_000)
    quote(row, 0, 1, wad)
    input_for(row, row, 0, 1, wad)
    slope(row, 0, 1, 1.0)
    peaks([row], [[(0, 0, 1), (0, 1, 0)]])
    best_input([(row, 0, 1), (pair_row((10**24, 10**24), 3000), 0, 1)])
    whole = np.array([0, 0, 1, 0, 1, 0, 1, 0, 1, 0], np.int64)
    ones, around, starts = np.ones(4), np.array([0, 1, 0, 1], np.int64), np.array([0, 2, 4], np.int64)
    settle(row, whole, ones, around, starts, np.zeros(2), np.zeros(2), np.zeros(2), 1, 1e-8)
