"""The 256-bit words and the pool maths on them."""

from random import Random
from typing import Any

from tallyio.hot_path.amm import sqrt_price as sqrt_price_twin
from tallyio.hot_path.amm import swap_math as swap_math_twin
from tallyio.hot_path.amm import tick_math as tick_math_twin
from tallyio.hot_path.amm import v2 as v2_twin
from tallyio.hot_path.check import arithmetic_cases as cases
from tallyio.hot_path.check.comparison import Comparison
from tallyio.hot_path.check.inputs import amount, below, fee, liquidity, near, price
from tallyio.hot_path.check.loops import Row, comparison
from tallyio.hot_path.uint256 import plain

_RESERVE = 112


def _one(random: Random) -> Row:
    return (below(random, 256),)


def _two(random: Random) -> Row:
    a = below(random, 256)
    return a, below(random, random.choice((64, 128, 192, 256))) if random.random() < 0.9 else a


def _three(random: Random) -> Row:
    a, b = _two(random)
    if random.random() < 0.2:  # quotients and remainders at their ends
        d = max(1, below(random, random.choice((64, 128, 192, 256))))
        return d, min(2**256 - 1, b + 1), d
    return a, b, below(random, random.choice((64, 128, 192, 256)))


def _small(random: Random) -> Row:
    return below(random, 256), below(random, 64)


def _pair(random: Random) -> Row:
    return below(random, _RESERVE), below(random, _RESERVE), below(random, _RESERVE), fee(random)


def _deltas(random: Random) -> Row:
    a = price(random)
    return a, near(random, a), liquidity(random), random.randrange(2)


def _next(random: Random) -> Row:
    start, depth, side = price(random), liquidity(random), random.randrange(2)
    other = near(random, start)
    natural = (sqrt_price_twin.amount0_delta if side else sqrt_price_twin.amount1_delta)(start, other, depth, True)
    return start, depth, amount(random, natural), side


def _step(random: Random) -> Row:
    start, depth, exact_in, pips = price(random), liquidity(random), random.randrange(2), fee(random)
    target = near(random, start)
    if random.random() < 0.02:
        depth = 0
    down = start >= target
    delta = sqrt_price_twin.amount0_delta if down == bool(exact_in) else sqrt_price_twin.amount1_delta
    natural = delta(start, target, depth, bool(exact_in))
    if exact_in:
        natural = natural * 1_000_000 // (1_000_000 - pips)
    return start, target, depth, amount(random, natural), pips, exact_in


def _tick(random: Random) -> Row:
    span = tick_math_twin.MAX_TICK
    edges = (-span, span, 0, 1, -1, span - 1, 1 - span, span + 1, -span - 1, 4096, -4096, 2**40)
    return (random.choice(edges) if random.random() < 0.05 else random.randint(-span, span),)


def _price(random: Random) -> Row:
    if random.random() < 0.05:
        return (below(random, 256),)
    return (price(random),)


def _words(twin: Any) -> Any:
    """``twin`` on words made of the integers that a comparison gives."""
    return lambda *values: twin(*(plain.Word(value) for value in values))


def _twin_delta(twin: Any) -> Any:
    return lambda a, b, depth, up: twin(a, b, depth, bool(up))


def _twin_step(start: int, target: int, depth: int, remaining: int, pips: int, exact_in: int) -> Any:
    return swap_math_twin.swap_step(start, target, depth, remaining, pips, bool(exact_in))


def _float_of(a: plain.Word) -> int:
    return int(plain.to_float(a)) % 2**256 if plain.to_float(a) < 2.0**256 else 2**256 - 1


COMPARISONS: tuple[Comparison, ...] = (
    comparison("uint256.add_checked", cases.add_checked, _words(plain.add_checked), _two),
    comparison("uint256.sub_checked", cases.sub_checked, _words(plain.sub_checked), _two),
    comparison("uint256.mul_checked", cases.mul_checked, _words(plain.mul_checked), _two),
    comparison("uint256.mul_wide", cases.mul_wide, _words(plain.mul_wide), _two, 2),
    comparison("uint256.mul_div", cases.mul_div, _words(plain.mul_div), _three),
    comparison("uint256.mul_div_up", cases.mul_div_up, _words(plain.mul_div_up), _three),
    comparison("uint256.div", cases.div, _words(plain.div), _two),
    comparison("uint256.div_up", cases.div_up, _words(plain.div_up), _two),
    comparison("uint256.div_small", cases.div_small, _words(plain.div_small), _small),
    comparison("uint256.isqrt", cases.isqrt, _words(plain.isqrt), _one),
    comparison("uint256.float", cases.through_float, _words(_float_of), _one),
    comparison("v2.amount_out", cases.amount_out, v2_twin.amount_out, _pair),
    comparison("v2.amount_in", cases.amount_in, v2_twin.amount_in, _pair),
    comparison("v3.amount0_delta", cases.amount0_delta, _twin_delta(sqrt_price_twin.amount0_delta), _deltas),
    comparison("v3.amount1_delta", cases.amount1_delta, _twin_delta(sqrt_price_twin.amount1_delta), _deltas),
    comparison("v3.next_from_input", cases.next_from_input, sqrt_price_twin.next_from_input, _next),
    comparison("v3.next_from_output", cases.next_from_output, sqrt_price_twin.next_from_output, _next),
    comparison("v3.swap_step", cases.swap_step, _twin_step, _step, 4),
    comparison("v3.quote_step", cases.quote_step, _twin_step, _step, 4),
    comparison("v3.tick_to_price", cases.sqrt_ratio_at_tick, tick_math_twin.sqrt_ratio_at_tick, _tick),
    comparison("v3.price_to_tick", cases.tick_at_sqrt_ratio, tick_math_twin.tick_at_sqrt_ratio, _price),
)
