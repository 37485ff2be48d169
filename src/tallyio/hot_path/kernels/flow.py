"""Families in doubles: what an amount gets and, analytically, what one more unit would. They point and never decide.

Each takes a pool's row as its exact kernel does and gives ``(output, slope)`` in the tokens' smallest units, the fee
included; 0 and 0 where the pool has no such curve. ``depth`` is the balance that enters, by which a search may start.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels import crypto, pieces, solidly, stable, weighted
from tallyio.hot_path.kernels.codes import BALANCER_STABLE, PIECES, SOLIDLY, STABLE, TRICRYPTO, TWOCRYPTO, V2, WEIGHTED
from tallyio.hot_path.kernels.pair import FEE as PAIR_FEE
from tallyio.hot_path.kernels.pair import RESERVES as PAIR_RESERVES
from tallyio.hot_path.linked import linked_reals
from tallyio.hot_path.pointer import pointer

Words = Any
Real = Any
Index = Any
Array = Any

_BYTE = np.uint64(0xFF)
_LIMB = 2.0**64
_WAD = 1e18
_STEPS = 40
_NEAR = 1e-14


@kernel
def real(row: Words, at: Index) -> Real:
    return np.float64(row[at]) + np.float64(row[at + 1]) * _LIMB


@kernel
def double(row: Words, at: Index) -> Real:
    """The double whose bits a word holds."""
    return np.uint64(row[at]).view(np.float64)


@kernel
def _first_piece(row: Words, at: Index, i: Index) -> Index:
    return at + pieces.PIECES + pieces.PIECE * i * np.int64(row[at + pieces.COUNTS])


@kernel
def depth(row: Words, at: Index, i: Index) -> Real:
    """The pool's balance of token ``i``; in pieces, that of the first or what it takes, whichever is less."""
    family = np.int64(row[at] & _BYTE)
    if family == PIECES:
        first = _first_piece(row, at, i)
        return min(double(row, first), double(row, first + 2)) if row[at + pieces.COUNTS + i] > 0 else 0.0
    place = at + PAIR_RESERVES + 2 * i
    if family in (STABLE, BALANCER_STABLE):
        place = at + stable.COINS + i * stable.COIN + stable.BALANCE
    elif family in (TWOCRYPTO, TRICRYPTO):
        place = at + crypto.COINS + i * crypto.COIN + crypto.BALANCE
    elif family == WEIGHTED:
        place = at + weighted.TOKENS + i * weighted.TOKEN + weighted.TOTAL
    elif family == SOLIDLY:
        place = at + solidly.RESERVES + 2 * i
    return real(row, place)


@kernel
def _flow(row: Words, at: Index, i: Index, j: Index, x: Real) -> tuple[Real, Real]:
    family = np.int64(row[at] & _BYTE)
    if family == V2:
        kept = 1.0 - np.float64(row[at + PAIR_FEE]) * 1e-6
        return _product(real(row, at + PAIR_RESERVES + 2 * i), real(row, at + PAIR_RESERVES + 2 * j), kept, x)
    if family in (STABLE, BALANCER_STABLE):
        return _stable(row, at, i, j, x, family == BALANCER_STABLE)
    if family in (TWOCRYPTO, TRICRYPTO):
        return _crypto(row, at, i, j, x)
    if family == WEIGHTED:
        return _weighted(row, at, i, j, x)
    if family == SOLIDLY:
        return _solidly(row, at, i, x)
    if family == PIECES:
        return _pieces(row, at, i, x)
    return 0.0, 0.0


@kernel
def _product(into: Real, out: Real, kept: Real, x: Real) -> tuple[Real, Real]:
    after = into + x * kept
    if not after > 0.0:
        return 0.0, 0.0
    return out * x * kept / after, out * into * kept / (after * after)


@kernel
def _pieces(row: Words, at: Index, i: Index, x: Real) -> tuple[Real, Real]:
    """Behind the last piece one more unit gets nothing."""
    place, out = _first_piece(row, at, i), 0.0
    for _ in range(np.int64(row[at + pieces.COUNTS + i])):
        into, gives, room = double(row, place), double(row, place + 1), double(row, place + 2)
        if x < room:
            after = into + x
            return out + gives * x / after, gives * into / (after * after)
        out += gives * room / (into + room)
        x -= room
        place += pieces.PIECE
    return out, 0.0


@kernel
def _weighted(row: Words, at: Index, i: Index, j: Index, x: Real) -> tuple[Real, Real]:
    token_in, token_out = at + weighted.TOKENS + i * weighted.TOKEN, at + weighted.TOKENS + j * weighted.TOKEN
    into, out = real(row, token_in + weighted.TOTAL), real(row, token_out + weighted.TOTAL)
    kept = 1.0 - np.float64(row[at + weighted.FEE]) / _WAD
    power = np.float64(row[token_in + weighted.WEIGHT]) / np.float64(row[token_out + weighted.WEIGHT])
    if not into > 0.0 or not x * kept <= 0.3 * into:
        return 0.0, 0.0
    away = -np.expm1(-power * np.log1p(x * kept / into))
    return out * away, out * (1.0 - away) * power * kept / (into + x * kept)


@kernel
def _stable(row: Words, at: Index, i: Index, j: Index, x: Real, before: bool) -> tuple[Real, Real]:
    n = stable.coins_of(row, at)
    coin_in, coin_out = at + stable.COINS + i * stable.COIN, at + stable.COINS + j * stable.COIN
    d, unit = real(row, at + stable.D), np.float64(row[at + stable.UNIT])
    ann = np.float64(row[at + stable.ANN]) / unit
    fee = np.float64(row[at + stable.FEE]) / (_WAD if before else 1e10)
    rate_in, rate_out = real(row, coin_in + stable.RATE) / _WAD, real(row, coin_out + stable.RATE) / _WAD
    if before:
        rate_in *= 1.0 - fee
    old_x, old_y = real(row, coin_in + stable.SCALED), real(row, coin_out + stable.SCALED)
    into = old_x + x * rate_in
    c, total = d * d / (ann * n), d / ann - d
    for k in range(n):
        if k != j:
            balance = into if k == i else real(row, at + stable.COINS + k * stable.COIN + stable.SCALED)
            c *= d / (balance * n)
            total += balance
    reach = np.sqrt(total * total + 4.0 * c)
    y = 2.0 * c / (reach + total) if total > 0.0 else 0.5 * (reach - total)
    gross, steep = old_y - y, (y + c / into) / reach
    if not gross > 0.0:
        gross = 0.0
    if before:
        return gross / rate_out, steep * rate_in / rate_out
    times, moved = np.float64(row[at + stable.MULTIPLIER]) * 1e-10, 0.0
    if times > 1.0:
        a, b = 0.5 * (old_x + into), 0.5 * (old_y + y)
        whole = a + b
        even = 4.0 * a * b / (whole * whole)
        below = (times - 1.0) * even + 1.0
        fee = times * fee / below
        lean = 2.0 * (b - a) * (b + a * steep) / (whole * whole * whole)
        moved = -fee * (times - 1.0) / below * lean
    return gross * (1.0 - fee) / rate_out, (steep * (1.0 - fee) - gross * moved) * rate_in / rate_out


@kernel
def _solidly(row: Words, at: Index, i: Index, x: Real) -> tuple[Real, Real]:
    kept = 1.0 - np.float64(row[at + solidly.FEES + i]) / np.float64(row[at + solidly.FEE_UNIT])
    reserve_in, reserve_out = real(row, at + solidly.RESERVES + 2 * i), real(row, at + solidly.RESERVES + 2 - 2 * i)
    if (row[at] >> np.uint64(16)) & _BYTE == np.uint64(0):
        return _product(reserve_in, reserve_out, kept, x)
    scale_in, scale_out = real(row, at + solidly.SCALES + 2 * i), real(row, at + solidly.SCALES + 2 - 2 * i)
    old_x, old_y = reserve_in / scale_in, reserve_out / scale_out
    into, y = old_x + x * kept / scale_in, old_y
    k = old_x * old_y * (old_x * old_x + old_y * old_y)
    if not k > 0.0:
        return 0.0, 0.0
    slope = 1.0
    for _ in range(_STEPS):
        slope = into * (into * into + 3.0 * y * y)
        step = (into * y * (into * into + y * y) - k) / slope
        y -= step
        if abs(step) <= _NEAR * y:
            break
    steep = y * (3.0 * into * into + y * y) / slope
    return (old_y - y) * scale_out, steep * kept * scale_out / scale_in


@kernel
def _crypto(row: Words, at: Index, i: Index, j: Index, x: Real) -> tuple[Real, Real]:
    n = crypto.coins_of(row, at)
    coin_in, coin_out = at + crypto.COINS + i * crypto.COIN, at + crypto.COINS + j * crypto.COIN
    d, gamma = real(row, at + crypto.D), np.float64(row[at + crypto.GAMMA]) / _WAD
    a = np.float64(row[at + crypto.ANN]) * 1e-4 * gamma * gamma
    factor_in, factor_out = real(row, coin_in + crypto.FACTOR) / _WAD, real(row, coin_out + crypto.FACTOR) / _WAD
    old_x, old_y = real(row, coin_in + crypto.SCALED) / d, real(row, coin_out + crypto.SCALED) / d
    into = old_x + x * factor_in / d
    shares, total = np.float64(n) * into, into
    for k in range(n):
        if k != i and k != j:
            other = real(row, at + crypto.COINS + k * crypto.COIN + crypto.SCALED) / d
            shares *= n * other
            total += other
    shares *= n
    low, high = 0.0, 1.0 / shares  # where K0 is one
    y = min(old_y * old_x / into, high)
    first, second = 1.0, 1.0
    for _ in range(_STEPS):
        before, k0 = y, shares * y
        far = gamma + 1.0 - k0
        second = a * k0 / (far * far)
        off = total + y - 1.0
        first = a * (gamma + 1.0 + k0) / (far * far * far) * off + 1.0
        over = second * off + k0 - 1.0
        if over > 0.0:
            high = y
        else:
            low = y
        y -= over / (first * shares + second)
        if not low <= y <= high:
            y = 0.5 * (low + high)
        if abs(y - before) <= _NEAR * y:
            break
    k0 = shares * y
    steep = (first * k0 / into + second) / (first * shares + second)
    whole = total + y
    even = k0
    for _ in range(n):
        even /= whole
    wide = np.float64(row[at + crypto.FEE_GAMMA]) / _WAD
    weight, turn = even, 1.0
    if wide > 0.0:
        weight = wide / (wide + 1.0 - even)
        turn = weight * weight / wide
    middle, outer = np.float64(row[at + crypto.MIDDLE_FEE]) * 1e-10, np.float64(row[at + crypto.OUTER_FEE]) * 1e-10
    fee = outer + (middle - outer) * weight
    lean = even * (1.0 / into - n / whole - steep * (1.0 / y - n / whole))
    gross = old_y - y
    if not gross > 0.0:
        gross = 0.0
    slope = steep * (1.0 - fee) - gross * (middle - outer) * turn * lean
    return gross * (1.0 - fee) * d / factor_out, slope * factor_in / factor_out


def _flow_entry(row: Words, at: Index, i: Index, j: Index, x: Real, out: Words) -> Real:
    paid, slope = _flow(row, at, i, j, x)
    out[0] = paid
    return slope


flow = linked_reals("flow", _flow, _flow_entry)
"""What ``x`` of token ``i`` gets of token ``j`` from the pool whose row begins at ``at``, and the slope there."""


@kernel
def slopes(row: Array, i: Index, j: Index, x: Real, found: Array) -> None:
    """``flow`` of one row, for Python."""
    found[0], found[1] = flow(pointer(row), 0, i, j, x)
