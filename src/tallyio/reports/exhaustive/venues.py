"""One pool and its state, whatever its kind: exact swaps, and the float estimates that only point to candidates."""

import msgspec

from tallyio.core.pools import Pool
from tallyio.core.units import PIPS, Address
from tallyio.reports.exhaustive import concentrated, constant_product
from tallyio.reports.exhaustive.concentrated import Curve
from tallyio.reports.exhaustive.ticks import MAX_TICK, MIN_TICK, sqrt_at


class Reserves(msgspec.Struct, frozen=True):
    reserve0: int
    reserve1: int


State = Reserves | Curve
States = dict[Address, State]


def swap(
    pool: Pool, state: State, token_in: Address, amount: int, *, exact_out: bool = False
) -> tuple[int, int, State]:
    """Exact swap: (amount in, amount out, state after). ``ChainDataError`` when the pool cannot fill it."""
    down = token_in == pool.token0
    if isinstance(state, Curve):
        return concentrated.trade(state, pool.fee_pips, pool.tick_spacing, down, amount, exact_out)
    r_in, r_out = (state.reserve0, state.reserve1) if down else (state.reserve1, state.reserve0)
    if exact_out:
        paid, got = constant_product.in_for(amount, r_in, r_out, pool.fee_pips), amount
    else:
        paid, got = amount, constant_product.out_for(amount, r_in, r_out, pool.fee_pips)
    r_in, r_out = r_in + paid, r_out - got
    return paid, got, Reserves(r_in, r_out) if down else Reserves(r_out, r_in)


class Stretch(msgspec.Struct, frozen=True):
    """A range of prices in which a pool behaves like constant product: virtual reserves at its start (floats), and
    the input (fee included) and output that came before it and that it can take."""

    before_in: float
    before_out: float
    x: float
    y: float
    room: float


Outline = tuple[Stretch, ...]
"""Float shape of one direction of a pool; empty when it cannot trade. For estimates alone."""


def outline(pool: Pool, state: State, token_in: Address) -> Outline:
    down = token_in == pool.token0
    if isinstance(state, Reserves):
        r_in, r_out = (state.reserve0, state.reserve1) if down else (state.reserve1, state.reserve0)
        return (Stretch(0.0, 0.0, float(r_in), float(r_out), float("inf")),) if r_in and r_out else ()
    return _curve_outline(state, pool.tick_spacing, 1 - pool.fee_pips / PIPS, down)


def _curve_outline(curve: Curve, spacing: int, keep: float, down: bool) -> Outline:
    # Beyond the words that were read without a gap nothing is known, and the exact walk refuses.
    word = (curve.tick // spacing) >> 8
    while word in curve.words:
        word += -1 if down else 1
    last = max(MIN_TICK, (word + 1 << 8) * spacing) if down else min(MAX_TICK, ((word << 8) - 1) * spacing)
    if down:
        edges = sorted((t for t in curve.net if last <= t <= curve.tick), reverse=True)
    else:
        edges = sorted(t for t in curve.net if curve.tick < t <= last)
    stretches: list[Stretch] = []
    price, liquidity, total_in, total_out = curve.sqrt_price / 2**96, float(curve.liquidity), 0.0, 0.0
    for edge in (*edges, last):
        edge_price = sqrt_at(edge) / 2**96
        if liquidity > 0 and edge_price != price:
            if down:
                x, y = liquidity / price, liquidity * price
                room, gain = liquidity / edge_price - x, liquidity * (price - edge_price)
            else:
                x, y = liquidity * price, liquidity / price
                room, gain = liquidity * edge_price - x, y - liquidity / edge_price
            stretches.append(Stretch(total_in, total_out, x, y, room / keep))
            total_in, total_out = total_in + room / keep, total_out + gain
        price = edge_price
        if edge in curve.net:
            liquidity += -curve.net[edge] if down else curve.net[edge]
    return tuple(stretches)


def estimate(shape: Outline, keep: float, amount: float) -> tuple[float, float]:
    """(output, marginal output per input) at ``amount``; marginal 0 where the pool is exhausted."""
    for stretch in shape:
        into = amount - stretch.before_in
        if into <= stretch.room:
            base = stretch.x + into * keep
            out = stretch.y * into * keep / base
            return stretch.before_out + out, keep * stretch.x * stretch.y / (base * base)
    if not shape:
        return 0.0, 0.0
    tail = shape[-1]
    spent = tail.room * keep
    return tail.before_out + tail.y * spent / (tail.x + spent), 0.0


def estimate_in(shape: Outline, keep: float, out: float) -> float:
    """Input that yields about ``out``; infinite where the pool cannot pay it."""
    for i, stretch in enumerate(shape):
        end = shape[i + 1].before_out if i + 1 < len(shape) else float("inf")
        rest = out - stretch.before_out
        if rest <= end - stretch.before_out and rest < stretch.y:
            into = stretch.x * rest / (stretch.y - rest) / keep
            return stretch.before_in + into if into <= stretch.room * (1 + 1e-9) else float("inf")
    return float("inf")
