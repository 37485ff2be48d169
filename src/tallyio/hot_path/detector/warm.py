"""The loop and what Python calls beside it, ready."""

from contextlib import suppress
from random import Random

from tallyio.core.errors import ChainDataError


def warm() -> None:
    from tallyio.hot_path.check.detector import World
    from tallyio.hot_path.detector.listing import listed
    from tallyio.hot_path.detector.thread import DetectorThread
    from tallyio.hot_path.memory import spsc
    from tallyio.hot_path.memory.rings import SpscRing
    from tallyio.hot_path.state.aligned import aligned
    from tallyio.hot_path.state.monitor import PriceMonitor

    world = World(Random(0))  # noqa: S311 - samples, not secrets
    world.step()
    listed(world.detector.arrays, [0])
    thread = DetectorThread(world.detector, SpscRing.make(aligned(spsc.words_needed(2)), 2))
    thread.start()
    thread.stop()
    monitor = PriceMonitor(world.detector.arrays.records)
    monitor.read(0)
    with suppress(ChainDataError):
        monitor.quote(0, True, 1)
