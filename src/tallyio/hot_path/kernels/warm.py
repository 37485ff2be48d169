"""The exchange families' quotes and the best input of a cycle over them, ready."""


def warm() -> None:
    from tallyio.hot_path.kernels.rows import (
        best_input,
        input_for,
        pair_row,
        peaks,
        quote,
        slope,
        sold_until,
        stable_row,
    )

    wad = 10**18
    row = stable_row((10**24, 10**24), (wad, wad), 20_000, 100, 4_000_000)
    quote(row, 0, 1, wad)
    input_for(row, row, 0, 1, wad)
    slope(row, 0, 1, 1.0)
    sold_until(row, 0, 1, 1.1)
    peaks([row], [[(0, 0, 1), (0, 1, 0)]])
    best_input([(row, 0, 1), (pair_row((10**24, 10**24), 3000), 0, 1)])
