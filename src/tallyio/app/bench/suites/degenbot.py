"""Rows ``degenbot.*``: the same inputs given to degenbot, a library in Python, and to the kernels, in the same run.

Both sides' results are compared before a time is given: quotes and swap steps have to be equal to the unit, and the
input found for an arbitrage has to earn, on exact quotes, no less than what degenbot finds.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.app.bench.degenbot import Side, ask
from tallyio.app.bench.degenbot_kernels import best_inputs, quotes, steps
from tallyio.app.bench.result import Result, Setting
from tallyio.core.errors import DivergenceError
from tallyio.hot_path.amm import v2
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick
from tallyio.hot_path.cpu.clock import ns_per_tick

ROWS = ("degenbot.v2.quote", "degenbot.v3.step", "degenbot.arbitrage")
INPUTS = 2_000
"""More than degenbot's caches of recent calls hold (1024), in an order that never finds one again."""
CYCLES = 20
REFERENCE_ROUNDS, ROUNDS = 8, 200
FEE = 3_000
ETHER = 10**18
SLACK = 64
"""Units by which a profit of some 10^17 may lie below degenbot's: its floats step by 32 there."""


def run(setting: Setting) -> Iterator[Result]:
    random = Random(setting.seed)  # noqa: S311 - inputs, not secrets
    given: dict[str, list[Any]] = {
        "v2": [_quote(random) for _ in range(INPUTS)],
        "step": [_step(random) for _ in range(INPUTS)],
        "arbitrage": [_cycle(random) for _ in range(CYCLES)],
    }
    rounds = max(1, min(setting.samples, REFERENCE_ROUNDS))
    theirs = ask(setting.degenbot, {"rounds": rounds, **given})
    most = max(1, min(setting.samples, ROUNDS))

    found, times = _ours(quotes, [row[:3] for row in given["v2"]], 1, most)
    _equal("degenbot.v2.quote", [[value] for value in theirs["v2"].results], found)
    yield _row("degenbot.v2.quote", times, theirs["v2"], "its constant_product_calc_exact_in")

    found, times = _ours(steps, [row[:4] for row in given["step"]], 4, most)
    _equal("degenbot.v3.step", theirs["step"].results, found)
    yield _row("degenbot.v3.step", times, theirs["step"], "its compute_swap_step")

    cycles = [[r for pool in pools for r in pool] for pools in given["arbitrage"]]
    found, times = _ours(best_inputs, cycles, 2, most)
    _no_worse(given["arbitrage"], theirs["arbitrage"].results, found)
    yield _row("degenbot.arbitrage", times, theirs["arbitrage"], "its UniswapLpCycle.calculate")


def _quote(random: Random) -> list[int]:
    return [random.randrange(10**15, 10**20), random.randrange(10**20, 10**24), random.randrange(10**20, 10**24), FEE]


def _step(random: Random) -> list[int]:
    """Within a range of 60 ticks, both ways; about half of the amounts reach its end."""
    tick = random.randrange(-80_000, 80_000)
    price, end = sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + random.choice((-60, 60)))
    liquidity = random.randrange(10**18, 10**24)
    whole = liquidity * abs(end - price) >> 96 if end > price else (liquidity << 96) * (price - end) // price // end
    return [price, end, liquidity, max(1, int(whole * random.uniform(0.01, 2))), FEE]


def _cycle(random: Random) -> list[list[int]]:
    """Two pools whose prices lie 2 to 6 per cent apart; the best input is below degenbot's bound of 100 ether."""
    price = random.uniform(1_000, 4_000)
    first, second = (random.randrange(1_000 * ETHER, 6_000 * ETHER) for _ in range(2))
    return [[first, int(first * price)], [second, int(second * price * random.uniform(0.94, 0.98))]]


def _ours(loop: Any, rows: Sequence[Sequence[int]], answers: int, rounds: int) -> tuple[list[list[int]], Any]:
    """Results, and nanoseconds a call of each round over all rows."""
    given = np.frombuffer(b"".join(v.to_bytes(32, "little") for row in rows for v in row), np.uint64).copy()
    out = np.zeros(len(rows) * answers * 4, np.uint64)
    ticks = [int(loop(given, out, np.uint64(len(rows)), np.uint64(FEE))) for _ in range(rounds + 1)][1:]
    raw = out.tobytes()
    words = [int.from_bytes(raw[at : at + 32], "little") for at in range(0, len(raw), 32)]
    found = [words[at : at + answers] for at in range(0, len(words), answers)]
    return found, np.array(ticks) * (ns_per_tick() / len(rows))


def _row(name: str, times: NDArray[np.float64], theirs: Side, what: str) -> Result:
    return Result(name, times, f"degenbot: {what}", float(np.median(theirs.times_ns)))


def _equal(name: str, theirs: list[list[int]], ours: list[list[int]]) -> None:
    for number, (expected, found) in enumerate(zip(theirs, ours, strict=True)):
        if expected != found:
            raise DivergenceError(f"{name}: input {number}: degenbot gives {expected}, the kernel {found}")


def _no_worse(cycles: list[list[list[int]]], theirs: list[list[int]], ours: list[list[int]]) -> None:
    for pools, (their_input, _), (our_input, our_profit) in zip(cycles, theirs, ours, strict=True):
        exact = _profit(pools, our_input)
        if exact != our_profit or exact < _profit(pools, their_input) - SLACK:
            raise DivergenceError(
                f"degenbot.arbitrage: input {our_input} earns {exact} (the kernel says {our_profit}), "
                f"degenbot's {their_input} earns {_profit(pools, their_input)}"
            )


def _profit(pools: list[list[int]], amount: int) -> int:
    (first0, first1), (second0, second1) = pools
    return v2.amount_out(v2.amount_out(amount, first0, first1, FEE), second1, second0, FEE) - amount
