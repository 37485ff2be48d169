"""CryptoSwap quotes over a row: Curve's Twocrypto-NG and Tricrypto-NG.

Row words (two limbs each where 128 bits are said): 0 family, number of coins in byte 1; 1 middle fee and 2 outer fee of
``10**10``, 3 the fee's gamma (1e18); 4 A times ``N**N`` times 10,000, 5 gamma (1e18); 6 D (128); then per coin of 3:
scaled balance, factor, balance in the coin's units (128 each). A coin's factor is its price in coin 0 (1e18) times
``10**(18 - decimals)``. Word 26 tells whether A and gamma are such as the contract computes with.

The quote is what the pool's view and its swap pay; the swap's bookkeeping after it may still refuse (a loss).
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels import tricrypto, twocrypto
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.ratio import over, over_wad
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import div_small, fits, load, load128, mul_128, store, store128, u256

Words = Any
Word = Any
Index = Any

MIDDLE_FEE, OUTER_FEE, FEE_GAMMA, ANN, GAMMA, D, COINS = 1, 2, 3, 4, 5, 6, 8
COIN, SCALED, FACTOR, BALANCE = 6, 0, 2, 4
KNOWN = 26
WORDS = 28

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WAD = np.uint64(10**18)
_FEE_UNIT = np.uint64(10**10)
_BYTE = np.uint64(0xFF)
_SIZE = np.uint64(128)
_LEAST_GAMMA = np.uint64(10**10)
_MOST_GAMMA_TWO, _MOST_GAMMA_THREE = np.uint64(2 * 10**15), np.uint64(5 * 10**16)
_ANN_TWO, _ANN_THREE = np.uint64(4_000), np.uint64(2_700)
_SPAN_TWO, _SPAN_THREE = np.uint64(10_000), np.uint64(100_000)


@inlined
def coins_of(row: Words, at: Index) -> Index:
    return np.int64((row[at] >> np.uint64(8)) & _BYTE)


@kernel
def refresh(row: Words, at: Index) -> Index:
    """The scaled balances into the row, and whether the contract computes with A and gamma."""
    row[at + KNOWN] = _ZERO
    n = coins_of(row, at)
    for k in range(n):
        coin = at + COINS + k * COIN
        scaled = over_wad(mul_128(load128(row, coin + BALANCE), load128(row, coin + FACTOR)))
        if not fits(scaled, _SIZE):
            return BEYOND
        store128(row, coin + SCALED, scaled)
    ann, gamma = row[at + ANN], row[at + GAMMA]
    least, span = (_ANN_TWO, _SPAN_TWO) if n == 2 else (_ANN_THREE, _SPAN_THREE)
    if ann < least or ann > least * span or gamma < _LEAST_GAMMA:
        return REFUSED
    if gamma > (_MOST_GAMMA_TWO if n == 2 else _MOST_GAMMA_THREE):
        return REFUSED
    row[at + KNOWN] = _ONE
    return PAID


@kernel
def _quote(row: Words, at: Index, i: Index, j: Index, dx: Word) -> tuple[Word, Index]:
    """What a swap of ``dx`` of coin ``i`` pays in coin ``j``, in the coins' units."""
    nothing = u256(_ZERO)
    if row[at + KNOWN] == _ZERO:
        return nothing, REFUSED
    coin_in, coin_out = at + COINS + i * COIN, at + COINS + j * COIN
    if not fits(dx, _SIZE):
        return nothing, BEYOND
    balance = load128(row, coin_in + BALANCE) + dx
    if not fits(balance, _SIZE):
        return nothing, BEYOND
    x = over_wad(mul_128(balance, load128(row, coin_in + FACTOR)))
    if not fits(x, _SIZE):
        return nothing, BEYOND
    old = load128(row, coin_out + SCALED)
    ann, gamma, d = row[at + ANN], row[at + GAMMA], load128(row, at + D)
    third = nothing
    if coins_of(row, at) == 2:
        y, code = twocrypto.balance(ann, gamma, x, d)
    else:
        other = 3 - i - j
        third = load128(row, at + COINS + other * COIN + SCALED)
        if i < other:
            y, code = tricrypto.balance(ann, gamma, x, third, d)
        else:
            y, code = tricrypto.balance(ann, gamma, third, x, d)
    if code != PAID:
        return nothing, code
    if old < y + u256(_ONE):
        return nothing, REFUSED
    gross = over(mul_128(old - y - u256(_ONE), u256(_WAD)), load128(row, coin_out + FACTOR))
    # the coins' order tells where evenness is rounded
    if coins_of(row, at) == 2:
        even = twocrypto.evenness(x, y) if i == 0 else twocrypto.evenness(y, x)
    else:
        first = x if i == 0 else (y if j == 0 else third)
        second = x if i == 1 else (y if j == 1 else third)
        last = x if i == 2 else (y if j == 2 else third)
        even = tricrypto.evenness(first, second, last)
    fee, ok = _fee(even, row[at + MIDDLE_FEE], row[at + OUTER_FEE], row[at + FEE_GAMMA])
    if not ok:
        return nothing, REFUSED
    if not fits(gross, _SIZE):
        return nothing, BEYOND
    taken, _ = div_small(mul_128(fee, gross), _FEE_UNIT)
    if taken > gross:
        return nothing, REFUSED
    return gross - taken, PAID


@inlined
def _fee(even: Word, middle: Word, outer: Word, fee_gamma: Word) -> tuple[Word, bool]:
    weight = even
    if fee_gamma != _ZERO:
        below = u256(fee_gamma) + u256(_WAD)
        if even >= below:
            return even, False
        weight = over(mul_128(u256(fee_gamma), u256(_WAD)), below - even)
    if weight > u256(_WAD):
        return even, False
    return over_wad(mul_128(u256(middle), weight) + mul_128(u256(outer), u256(_WAD) - weight)), True


def _quote_entry(row: Words, at: Index, i: Index, j: Index, dx: Words, out: Words) -> Index:
    paid, code = _quote(row, at, i, j, load(dx, 0))
    store(out, 0, paid)
    return code


quote = linked("crypto", "piiiw", "wi", _quote, _quote_entry)
