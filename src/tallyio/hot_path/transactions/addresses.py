"""20-byte addresses → numbers, in one flat table that kernels look things up in: routers, tokens.

Open addressing with linear probing, at most half full. Words: how far a hash is shifted, then, from the fourth on,
slots of four: the address as in ``layout.TO``, and 1 + its number (0: free).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.transactions.byte_access import multiply

Words = Any
Word = Any

_SLOT_WORDS = 4
_SEEDS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_SHIFT = np.uint64(32)
_ZERO = np.uint64(0)


def words_of(address: bytes) -> tuple[int, int, int]:
    """The three words of 20 bytes. Raises ``ValueError`` for another length."""
    if len(address) != 20:
        raise ValueError(f"expected an address of 20 bytes, found {len(address)}")
    return int.from_bytes(address[:8]), int.from_bytes(address[8:16]), int.from_bytes(address[16:])


def address_table(addresses: Sequence[bytes]) -> NDArray[np.uint64]:
    """A table of ``addresses`` by their place. Raises ``ValueError`` for one that is there twice."""
    bits = max(2 * len(addresses), 2).bit_length()
    table = np.zeros(_SLOT_WORDS * (1 + (1 << bits)), np.uint64)
    table[0] = 64 - bits
    for number, address in enumerate(addresses):
        a, b, c = (np.uint64(word) for word in words_of(address))
        if find_address(table, a, b, c) >= 0:
            raise ValueError(f"the address 0x{address.hex()} is listed twice")
        slot = int(_slot(table, a, b, c))
        while table[_SLOT_WORDS * (1 + slot) + 3]:
            slot = (slot + 1) % (1 << bits)
        table[_SLOT_WORDS * (1 + slot) : _SLOT_WORDS * (2 + slot)] = a, b, c, number + 1
    return table


@kernel
def _slot(table: Words, a: Word, b: Word, c: Word) -> Word:
    mixed = multiply(a ^ (c << _SHIFT), _SEEDS[0]) ^ b
    mixed ^= mixed >> _SHIFT
    return np.int64(multiply(mixed, _SEEDS[1]) >> table[0])


@kernel
def find_address(table: Words, a: Word, b: Word, c: Word) -> Word:
    """The number of the address in the words ``a``, ``b`` and ``c``, -1 where it is not in the table."""
    slot = _slot(table, a, b, c)
    last = (np.int64(1) << (np.int64(64) - np.int64(table[0]))) - 1
    while True:
        at = _SLOT_WORDS * (1 + slot)
        if table[at + 3] == _ZERO:
            return -1
        if table[at] == a and table[at + 1] == b and table[at + 2] == c:
            return np.int64(table[at + 3]) - 1
        slot = (slot + 1) & last
