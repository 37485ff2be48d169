"""Two tokens, a protocol and (v3 alone) a fee → the pool's number, in one flat table that kernels look things up in.

Open addressing with linear probing, at most half full. Words: how far a hash is shifted, then, from the fourth on,
slots of four: the tokens' numbers (lesser first), protocol and fee, 1 + the pool's number (0: free), nothing.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.transactions.byte_access import multiply

Words = Any
Word = Any

_SLOT_WORDS = 4
_SEEDS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_HALF = np.uint64(32)
_FEE_BITS = np.uint64(24)
_ZERO = np.uint64(0)


class Pair(NamedTuple):
    """``token_a`` and ``token_b`` are tokens' numbers in either order; ``fee_pips`` is 0 on v2."""

    token_a: int
    token_b: int
    protocol: int
    fee_pips: int = 0


def pair_table(pools: Mapping[Pair, int]) -> NDArray[np.uint64]:
    """A table of ``pools``. Raises ``ValueError`` where two of them are the same pair."""
    bits = max(2 * len(pools), 2).bit_length()
    table = np.zeros(_SLOT_WORDS * (1 + (1 << bits)), np.uint64)
    table[0] = 64 - bits
    for pair, pool in pools.items():
        a, b, protocol, fee = (np.uint64(word) for word in pair)
        if find_pair(table, a, b, protocol, fee) >= 0:
            raise ValueError(f"the pair {pair} is listed twice")
        tokens, kind = map(np.uint64, _keys(a, b, protocol, fee))  # a kernel's words come back as plain integers
        slot = int(_slot(table, tokens, kind))
        while table[_SLOT_WORDS * (1 + slot) + 2]:
            slot = (slot + 1) % (1 << bits)
        table[_SLOT_WORDS * (1 + slot) : _SLOT_WORDS * (1 + slot) + 3] = tokens, kind, pool + 1
    return table


@kernel
def _keys(a: Word, b: Word, protocol: Word, fee: Word) -> tuple[Word, Word]:
    return (min(a, b) << _HALF) | max(a, b), (protocol << _FEE_BITS) | fee


@kernel
def _slot(table: Words, tokens: Word, kind: Word) -> Word:
    mixed = multiply(tokens, _SEEDS[0]) ^ kind
    mixed ^= mixed >> _HALF
    return np.int64(multiply(mixed, _SEEDS[1]) >> table[0])


@kernel
def find_pair(table: Words, a: Word, b: Word, protocol: Word, fee: Word) -> Word:
    """The pool's number, -1 where there is none; all arguments uint64, the tokens in either order."""
    tokens, kind = _keys(a, b, protocol, fee)
    slot = _slot(table, tokens, kind)
    last = (np.int64(1) << (np.int64(64) - np.int64(table[0]))) - 1
    while True:
        at = _SLOT_WORDS * (1 + slot)
        if table[at + 2] == _ZERO:
            return -1
        if table[at] == tokens and table[at + 1] == kind:
            return np.int64(table[at + 2]) - 1
        slot = (slot + 1) & last
