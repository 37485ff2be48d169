"""The loop and what Python calls beside it, ready."""

from random import Random


def warm() -> None:
    from tallyio.hot_path.check.detector import World
    from tallyio.hot_path.detector.listing import listed
    from tallyio.hot_path.state.monitor import PriceMonitor

    world = World(Random(0))  # noqa: S311 - samples, not secrets
    world.step()
    listed(world.detector.arrays, [0])
    PriceMonitor(world.detector.arrays.records).read(0)
