"""Balancer's weighted pools over a row.

Row words (two limbs each where 128 bits are said): 0 family, number of tokens in byte 1, flags in byte 2; 1 the fee
(1e18); then per token of 8: balance in the vault and its part that is there (128 each), ``10**(18 - decimals)`` (128),
weight (1e18).
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.power import power_up, up
from tallyio.hot_path.kernels.ratio import over, over_wad
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import fits, load, load128, mul_128, store, u256

Words = Any
Word = Any
Index = Any

FEE, TOKENS = 1, 2
TOKEN, TOTAL, CASH, SCALE, WEIGHT = 8, 0, 2, 4, 6
MOST_TOKENS = 8
WORDS = TOKENS + MOST_TOKENS * TOKEN
FAST, PAUSED = 1, 2
"""Flags: exponents of one, two and four by squares; nothing is traded."""

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WAD = np.uint64(10**18)
_MOST_PART = np.uint64(3 * 10**17)
_SIZE, _VAULT_BITS = np.uint64(128), np.uint64(112)


@kernel
def _quote(row: Words, at: Index, i: Index, j: Index, dx: Word) -> tuple[Word, Index]:
    nothing = u256(_ZERO)
    flags = row[at] >> np.uint64(16)
    if flags & np.uint64(PAUSED) != _ZERO:
        return nothing, REFUSED
    if not fits(dx, _SIZE):
        return nothing, BEYOND
    token_in, token_out = at + TOKENS + i * TOKEN, at + TOKENS + j * TOKEN
    total, scale_in = load128(row, token_in + TOTAL), load128(row, token_in + SCALE)
    balance_in = mul_128(total, scale_in)
    balance_out = mul_128(load128(row, token_out + TOTAL), load128(row, token_out + SCALE))
    net = dx - up(mul_128(dx, u256(row[at + FEE])))
    entered = mul_128(net, scale_in)
    if not fits(balance_in | balance_out | entered, _SIZE):
        return nothing, BEYOND
    after = balance_in + entered
    if entered > over_wad(mul_128(balance_in, u256(_MOST_PART))) or after == nothing:
        return nothing, REFUSED
    weight_out = u256(row[token_out + WEIGHT])
    if weight_out == nothing:
        return nothing, REFUSED
    base = over(mul_128(balance_in, u256(_WAD)) + after - u256(_ONE), after)
    exponent = over(mul_128(u256(row[token_in + WEIGHT]), u256(_WAD)), weight_out)
    kept, ok = power_up(base, exponent, flags & np.uint64(FAST) != _ZERO)
    if not ok or not fits(total + dx, _VAULT_BITS):
        return nothing, REFUSED
    if kept >= u256(_WAD):
        return nothing, PAID
    paid = over(over_wad(mul_128(balance_out, u256(_WAD) - kept)), load128(row, token_out + SCALE))
    if paid > load128(row, token_out + CASH):
        return nothing, REFUSED
    return paid, PAID


def _quote_entry(row: Words, at: Index, i: Index, j: Index, dx: Words, out: Words) -> Index:
    paid, code = _quote(row, at, i, j, load(dx, 0))
    store(out, 0, paid)
    return code


quote = linked("weighted", "piiiw", "wi", _quote, _quote_entry)
"""What a swap of ``dx`` of token ``i`` pays in token ``j``, in the tokens' smallest units; may be nothing."""
