"""What each row is to reach. One row's goal may bound its median, its 99th percentile, its ratio to the reference
measured in the same run, or its rate; all that are given must hold.
"""

import msgspec


class Goal(msgspec.Struct, frozen=True):
    """Bounds, in nanoseconds where they are times. ``min_ratio`` is of the reference's time to the row's median,
    ``max_over_reference`` the other way round: the row's median over the reference's.
    """

    p50_ns: float | None = None
    p99_ns: float | None = None
    min_ratio: float | None = None
    max_over_reference: float | None = None
    count: int | None = None
    """For a row that counts (allocations): the most it may show."""


GOALS: dict[str, Goal] = {
    "update.none.10k": Goal(p50_ns=100, p99_ns=350),
    "update.none.100k": Goal(p50_ns=250),
    "update.one.v2": Goal(p50_ns=150),
    "update.one.mixed": Goal(p50_ns=220),
    "update.one.v3": Goal(p50_ns=260),
    "update.one.v3_ticks": Goal(p50_ns=500),
    "update.hub": Goal(p50_ns=1500),
    "muldiv": Goal(p50_ns=45),
    "v2.quote": Goal(p50_ns=18),
    "v3.step": Goal(p50_ns=90),
    "v3.tick_to_price": Goal(p50_ns=30),
    "v3.price_to_tick": Goal(p50_ns=15),
    "stable_ng.quote": Goal(p50_ns=1_000),
    "stable_legacy.quote": Goal(p50_ns=1_000),
    "twocrypto.quote": Goal(p50_ns=1_000),
    "tricrypto.quote": Goal(p50_ns=1_000),
    "solidly.quote": Goal(p50_ns=1_000),
    "liquidity_book.quote": Goal(p50_ns=1_000),
    "balancer.weighted": Goal(p50_ns=2_000),
    "balancer.stable": Goal(p50_ns=1_000),
    "best_input.curve": Goal(p50_ns=20_000),
    "best_input.balancer": Goal(p50_ns=20_000),
    "tx.decode": Goal(p50_ns=60),
    "keccak.one": Goal(p50_ns=200),
    "keccak.batch": Goal(p50_ns=60),
    "sign.1559": Goal(p50_ns=25_000, min_ratio=14),
    "ring.oneway": Goal(max_over_reference=1.3),
    "allocations": Goal(count=0),
    "degenbot.v2.quote": Goal(min_ratio=20),
    "degenbot.v3.step": Goal(min_ratio=40),
    "degenbot.arbitrage": Goal(min_ratio=1000),
    "start.warm": Goal(p50_ns=2e9),
}
"""By the row's name. ``tx.decode`` also wants ten million transactions a second and core, which is a hundred
nanoseconds each: the stricter time holds."""


def said(goal: Goal | None) -> str:
    """The goal in a few words, for the table."""
    if goal is None:
        return ""
    parts = []
    if goal.p50_ns is not None:
        parts.append(f"p50 ≤ {nanoseconds(goal.p50_ns)}")
    if goal.p99_ns is not None:
        parts.append(f"p99 ≤ {nanoseconds(goal.p99_ns)}")
    if goal.min_ratio is not None:
        parts.append(f"≥ {goal.min_ratio:,g} ×")
    if goal.max_over_reference is not None:
        parts.append(f"≤ {goal.max_over_reference:g} × reference")
    if goal.count is not None:
        parts.append(f"{goal.count}")
    return ", ".join(parts)


def nanoseconds(value: float) -> str:
    """A time as people write it: 95 ns, 1.50 µs, 0.83 s."""
    for limit, divisor, unit in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if value < limit:
            scaled = value / divisor
            return f"{scaled:.3g} {unit}"
    return f"{value / 1e9:.3g} s"


def times(ratio: float) -> str:
    """A ratio in three figures, without an exponent: 0.84, 19.1, 2,770."""
    return f"{ratio:.3g}" if ratio < 1000 else f"{float(f'{ratio:.3g}'):,.0f}"
