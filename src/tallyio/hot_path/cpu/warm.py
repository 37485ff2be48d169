"""The clock, ready."""

from tallyio.hot_path.cpu.clock import ns_per_tick, overhead_ticks


def warm() -> None:
    ns_per_tick()
    overhead_ticks()
