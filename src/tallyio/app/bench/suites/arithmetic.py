"""Rows of the exact arithmetic: ``muldiv``, ``v2.quote``, ``v3.step``, ``v3.tick_to_price``, ``v3.price_to_tick``.

Each timing is a batch of independent operations on random inputs of the sizes that pools have, read from memory and
written back, divided by their number. The reference is the twin in Python's integers on the same inputs.
``v3.step`` is the whole step: new price, amounts and fee, half of the steps each way, one in eight reaching its target.
"""

import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np

from tallyio.app.bench.result import Result, Setting
from tallyio.core.clock import seeded
from tallyio.hot_path.amm import swap_math, tick_math, v2
from tallyio.hot_path.check import arithmetic_cases as cases
from tallyio.hot_path.check.loops import Case, Row, packed
from tallyio.hot_path.cpu.clock import ns_per_tick, ticks
from tallyio.hot_path.uint256 import plain

BATCH = 512


def run(setting: Setting) -> Iterator[Result]:
    """The five rows; a timing is nanoseconds an operation over a batch."""
    rows: tuple[tuple[str, Any, Callable[..., Any], Callable[[Random], Row], int], ...] = (
        ("muldiv", cases.mul_div, _mul_div, _factors, 1),
        ("v2.quote", cases.amount_out, v2.amount_out, _trade, 1),
        ("v3.step", cases.swap_step, _step_twin, _step, 4),
        ("v3.tick_to_price", cases.sqrt_ratio_at_tick, tick_math.sqrt_ratio_at_tick.__wrapped__, _tick, 1),
        ("v3.price_to_tick", cases.tick_at_sqrt_ratio, tick_math.tick_at_sqrt_ratio, _price, 1),
    )
    for name, case, twin, inputs, answers in rows:
        random = seeded(setting.seed, name)
        given = [inputs(random) for _ in range(BATCH)]
        times = _timed(case, given, answers, setting.samples)
        yield Result(name, times, "the twin in Python's integers", _reference(twin, given))


def _timed(case: Case, given: list[Row], answers: int, samples: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    rows, out, ok = packed(given), np.zeros(len(given) * answers * 4, np.uint64), np.zeros(len(given), np.uint8)
    batches = max(2, min(2_000, samples // BATCH))
    case(rows, out, ok)
    scale, times = ns_per_tick(), np.empty(batches)
    for batch in range(batches):
        start = ticks()
        case(rows, out, ok)
        times[batch] = (ticks() - start) * scale / len(given)
    return times


def _reference(twin: Callable[..., Any], given: list[Row]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter_ns()
        for row in given:
            twin(*row)
        best = min(best, (time.perf_counter_ns() - start) / len(given))
    return best


def _mul_div(a: int, b: int, d: int) -> Any:
    return plain.mul_div(plain.Word(a), plain.Word(b), plain.Word(d))


def _factors(random: Random) -> Row:
    """Products of 512 bits and divisors of 256, the quotient within a word."""
    d = random.getrandbits(255) | 1 << 255
    return random.getrandbits(256), random.randrange(d), d


def _trade(random: Random) -> Row:
    reserves = [int(10 ** random.uniform(18, 25)) for _ in range(2)]
    return int(reserves[0] * 10 ** random.uniform(-6, -1)), *reserves, random.choice((2500, 3000))


def _step(random: Random) -> Row:
    fee, down = random.choice((100, 500, 3000, 10_000)), random.random() < 0.5
    tick = random.randint(-200_000, 200_000)
    price = tick_math.sqrt_ratio_at_tick(tick) + random.getrandbits(20)
    target = tick_math.sqrt_ratio_at_tick(tick - 60 if down else tick + 60)
    depth = int(10 ** random.uniform(18, 25))
    _, taken, _, cost = swap_math.swap_step(price, target, depth, 2**200, fee, True)
    share = 2.0 if random.random() < 1 / 8 else random.uniform(0.01, 0.95)
    return price, target, depth, int((taken + cost) * share) + 1, fee, 1


def _step_twin(price: int, target: int, depth: int, remaining: int, fee: int, exact_in: int) -> Any:
    return swap_math.swap_step(price, target, depth, remaining, fee, bool(exact_in))


def _tick(random: Random) -> Row:
    return (random.randint(-tick_math.MAX_TICK, tick_math.MAX_TICK),)


def _price(random: Random) -> Row:
    low, high = (tick_math.sqrt_ratio_at_tick.__wrapped__(tick) for tick in (-400_000, 400_000))
    return (int(low * (high / low) ** random.random()),)
