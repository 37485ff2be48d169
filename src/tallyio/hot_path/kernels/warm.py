"""The arithmetic kernels, ready: the benchmark's and the check's loops call each of them."""


def warm() -> None:
    from tallyio.hot_path.check.arithmetic import COMPARISONS

    for comparison in COMPARISONS:
        comparison.run(4, 0)
