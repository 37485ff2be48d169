"""Balancer v2's stable pools over a StableSwap row (``stable``): A times 1000, the fee 1e18, rates times scales.

Only the tokens that are not the pool's own shares are in the row; each with the part of its balance that is there.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels import stable
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.power import up
from tallyio.hot_path.kernels.ratio import over, scale
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import (
    add_checked,
    div_small,
    fits,
    load,
    load128,
    mul_128,
    mul_checked,
    store,
    store128,
    u256,
)

Words = Any
Word = Any
Index = Any

ROUNDED_UP, PAUSED = 4, 8
"""Flags beside StableSwap's: D as the first pools round it; nothing is traded."""

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WAD = np.uint64(10**18)
_UNIT = np.uint64(1000)
_TWO, _FIVE, _TEN = np.uint64(2), np.uint64(5), np.uint64(10)
_SIZE, _VAULT_BITS = np.uint64(128), np.uint64(112)
_MOST = np.uint64(250)
_STEPS = 255


@inlined
def _over_up(a: Word, d: Word) -> Word:
    q = over(a, d)
    return q if q * d == a else q + u256(_ONE)


@inlined
def _flag(row: Words, at: Index, flag: int) -> bool:
    found: bool = (row[at] >> np.uint64(16)) & np.uint64(flag) != _ZERO
    return found


@kernel
def refresh(row: Words, at: Index) -> Index:
    """Scaled balances and D into the row; ``REFUSED`` where the contract cannot find D, and then no quote is paid."""
    code = stable.refresh(row, at)
    if code == BEYOND or not _flag(row, at, ROUNDED_UP):
        return code
    row[at + stable.KNOWN] = _ZERO
    d, code = _invariant_up(row, at)
    store128(row, at + stable.D, d)
    row[at + stable.KNOWN] = _ONE if code == PAID else _ZERO
    return code


@kernel
def _invariant_up(row: Words, at: Index) -> tuple[Word, Index]:
    n, ann = stable.coins_of(row, at), row[at + stable.ANN]
    count, d = u256(np.uint64(n)), u256(_ZERO)
    for k in range(n):
        d = d + load128(row, at + stable.COINS + k * stable.COIN + stable.SCALED)
    total = d
    if total == u256(_ZERO):
        return d, PAID
    for _ in range(_STEPS):
        product = load128(row, at + stable.COINS + stable.SCALED) * count
        for k in range(1, n):
            product, fine = mul_checked(product, load128(row, at + stable.COINS + k * stable.COIN + stable.SCALED))
            if not fine or not fits(product, _MOST):
                return d, REFUSED
            product = _over_up(product * count, d)
        before = d
        weighed, fine = mul_checked(mul_128(u256(ann), total), product)
        above, small = mul_checked(d * count, d)
        if not fine or not small or not fits(weighed | above, _MOST):
            return d, BEYOND
        part, _ = div_small(weighed + u256(_UNIT - _ONE), _UNIT)
        above = above + part
        weighed, fine = mul_checked(u256(ann - _UNIT), product)
        part, _ = div_small(weighed, _UNIT)
        below = d * (count + u256(_ONE)) + part
        if not fine or below == u256(_ZERO):
            return d, REFUSED
        d = _over_up(above, below)
        if not fits(d, _SIZE):
            return d, BEYOND
        moved = d - before if d > before else before - d
        if moved <= u256(_ONE):
            return d, PAID
    return d, REFUSED


@kernel
def _quote(row: Words, at: Index, i: Index, j: Index, dx: Word) -> tuple[Word, Index]:
    nothing = u256(_ZERO)
    d = load128(row, at + stable.D)
    if row[at + stable.KNOWN] == _ZERO or _flag(row, at, PAUSED) or d == nothing:
        return nothing, REFUSED
    if not fits(dx, _SIZE):
        return nothing, BEYOND
    coin_in, coin_out = at + stable.COINS + i * stable.COIN, at + stable.COINS + j * stable.COIN
    net = dx - up(mul_128(dx, u256(row[at + stable.FEE])))
    x = load128(row, coin_in + stable.SCALED) + scale(net, load128(row, coin_in + stable.RATE))
    if not fits(x, _SIZE):
        return nothing, BEYOND
    old_y, rate = load128(row, coin_out + stable.SCALED), load128(row, coin_out + stable.RATE)
    y, code = _balance(row, at, i, j, x, d)
    if code != PAID:
        return nothing, code
    if not fits(load128(row, coin_in + stable.BALANCE) + dx, _VAULT_BITS) or rate == nothing:
        return nothing, REFUSED
    if old_y < y + u256(_ONE):
        return nothing, REFUSED
    paid = over(mul_128(old_y - y - u256(_ONE), u256(_WAD)), rate)
    if paid > load128(row, coin_out + stable.CASH):
        return nothing, REFUSED
    return paid, PAID


@inlined
def _balance(row: Words, at: Index, i: Index, j: Index, x: Word, d: Word) -> tuple[Word, Index]:
    n, ann = stable.coins_of(row, at), row[at + stable.ANN]
    count, others, product = u256(np.uint64(n)), u256(_ZERO), u256(_ONE)
    for k in range(n):
        balance = x if k == i else load128(row, at + stable.COINS + k * stable.COIN + stable.SCALED)
        product, fine = mul_checked(product, balance)
        if not fine or not fits(product, _MOST):
            return d, BEYOND
        product = product * count
        if k != 0:
            product = over(product, d)
        if k != j:
            others = others + balance
    own = load128(row, at + stable.COINS + j * stable.COIN + stable.SCALED)
    squared = mul_128(d, d)
    below, fine = mul_checked(product, u256(ann))
    if not fine or below == u256(_ZERO):
        return d, REFUSED
    c, fine = mul_checked(_over_up(squared, below), mul_128(own, u256(_UNIT)))
    part, _ = div_small(d, ann)
    b = others + mul_128(part, u256(_UNIT))
    above, small = add_checked(squared, c)
    if not fine or not small:
        return d, REFUSED
    y, proven = _settled(d, b, c)
    if proven:
        return y, PAID
    return _newton(d, b, c, above)


@inlined
def _settled(d: Word, b: Word, c: Word) -> tuple[Word, bool]:
    """Where the iteration with rounded-up steps ends: the root rounded up, if that and five above it step to it.

    ``stable`` has the argument: steps that do not end fall by two at least from further above.
    """
    y, slope, ok = stable.floor_root(d, b, c)
    if not ok:
        return y, False
    if c + mul_128(y, y) != y * slope:
        y, slope = y + u256(_ONE), slope + u256(_TWO)
    further = y + u256(_FIVE)
    here, there = c + mul_128(y, y), c + mul_128(further, further)
    rounds = here <= y * slope and here + slope > y * slope
    return y, rounds and there <= y * (slope + u256(_TEN))


@kernel
def _newton(d: Word, b: Word, c: Word, above: Word) -> tuple[Word, Index]:
    y = _over_up(above, d + b)
    for _ in range(_STEPS):
        if not fits(y, _SIZE):
            return y, BEYOND
        before = y
        above, small = add_checked(mul_128(y, y), c)
        below = y + y + b
        if not small or not below > d:
            return y, REFUSED
        y = _over_up(above, below - d)
        moved = y - before if y > before else before - y
        if moved <= u256(_ONE):
            return y, PAID if fits(y, _SIZE) else BEYOND
    return y, REFUSED


def _quote_entry(row: Words, at: Index, i: Index, j: Index, dx: Words, out: Words) -> Index:
    paid, code = _quote(row, at, i, j, load(dx, 0))
    store(out, 0, paid)
    return code


quote = linked("balancer_stable", "piiiw", "wi", _quote, _quote_entry)
"""What a swap of ``dx`` of token ``i`` pays in token ``j``, in the tokens' smallest units; may be nothing."""
