"""What a swap does to constant-product pools: their reserves as it leaves them, from the mirrored state.

A move (``MOVE_WORDS``) tells one hop: the pool, then the reserves of token0 and token1 after it, 128 bits each. A
pool that an earlier move has changed is taken as that move left it, so swaps of one transaction add up.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.v2 import amount_in, amount_out
from tallyio.hot_path.state.layout import AMOUNTS, FEE_SHIFT, HEADER, RECORD, V2
from tallyio.hot_path.transactions.addresses import find_address
from tallyio.hot_path.transactions.byte_access import load_be
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.layout import (
    AMOUNT,
    AMOUNT_UNTOLD,
    EXACT_OUT,
    FAMILY,
    FEE_ON_TRANSFER,
    HOPS,
    INTENT_FLAGS,
    LIMIT,
    PATH_AT,
)
from tallyio.hot_path.transactions.pairs import find_pair
from tallyio.hot_path.uint256 import load, load128, store128

Bytes = Any
Words = Any
Word = Any

POOL, RESERVES = 0, 1
MOVE_WORDS = 5

_WORD = 32
_NO_POOL = -int(Code.NO_POOL)
_WOULD_REVERT = -int(Code.WOULD_REVERT)
_NOT_TOLD = -int(Code.NOT_TOLD)
_NO_ROOM = -int(Code.NO_ROOM)
_OTHER_FAMILY = -int(Code.OTHER_FAMILY)
_UNTOLD = np.uint64(AMOUNT_UNTOLD | FEE_ON_TRANSFER)
_LOW_HALF = np.uint64(2**32 - 1)
_FAMILY_MASK = np.uint64(2**FEE_SHIFT - 1)
_FEE_MASK = np.uint64(2**24 - 1)
_FEE_SHIFT = np.uint64(FEE_SHIFT)
_ZERO = np.uint64(0)
_V2_FAMILY = np.uint64(2)  # as ``layout.FAMILY`` tells it


@kernel
def v2_effect(
    p: Bytes,
    intent: Words,
    tokens: Words,
    pairs: Words,
    protocol: Word,
    state: Words,
    moves: Words,
    used: Word,
    room: Word,
) -> Word:
    """Append the moves of one v2 swap to ``moves``, which holds ``used`` and has room for ``room``.

    Gives how many it holds then, or a negative ``Code``, upon which only the first ``used`` count. ``p`` is the buffer
    that the intent's path lies in, ``tokens`` from ``address_table`` (token0 of a pool is the one whose address is
    less, which the path's bytes tell), ``pairs`` from ``pair_table``, ``state`` the pools' records (``state.layout``),
    read while nobody writes them. All are raw pointers.
    """
    hops = np.int64(intent[HOPS])
    if intent[FAMILY] != _V2_FAMILY:
        return _OTHER_FAMILY
    if intent[INTENT_FLAGS] & _UNTOLD != _ZERO:
        return _NOT_TOLD
    if hops > room - used:
        return _NO_ROOM
    exact_out = intent[EXACT_OUT] != _ZERO
    amount = load(intent, AMOUNT)
    for step in range(hops):
        hop = hops - 1 - step if exact_out else step
        at = np.int64(intent[PATH_AT]) + _WORD * hop + 12
        token_in = _token(p, at, tokens)
        token_out = _token(p, at + _WORD, tokens)
        if token_in < 0 or token_out < 0:
            return _NO_POOL
        pool = find_pair(pairs, np.uint64(token_in), np.uint64(token_out), protocol, _ZERO)
        if pool < 0:
            return _NO_POOL
        header = state[pool * RECORD + HEADER]
        if header & _FAMILY_MASK != np.uint64(V2):
            return _OTHER_FAMILY
        fee = (header >> _FEE_SHIFT) & _FEE_MASK
        zero_for_one = _is_less(p, at, at + _WORD)
        move = (used + step) * MOVE_WORDS
        _reserves_before(state, moves, used + step, pool)
        place_in = move + RESERVES + (0 if zero_for_one else 2)
        place_out = move + RESERVES + (2 if zero_for_one else 0)
        reserve_in = load128(moves, place_in)
        reserve_out = load128(moves, place_out)
        if exact_out:
            other, ok = amount_in(amount, reserve_in, reserve_out, fee)
        else:
            other, ok = amount_out(amount, reserve_in, reserve_out, fee)
        if not ok:
            return _WOULD_REVERT
        moves[move + POOL] = pool
        store128(moves, place_in, reserve_in + (other if exact_out else amount))
        store128(moves, place_out, reserve_out - (amount if exact_out else other))
        amount = other
    limit = load(intent, LIMIT)
    if (amount > limit) if exact_out else (amount < limit):
        return _WOULD_REVERT
    return used + hops


@kernel
def _token(p: Bytes, at: Word, tokens: Words) -> Word:
    """The number of the token whose 20 bytes begin at ``at``."""
    return find_address(tokens, load_be(p, at), load_be(p, at + 8), load_be(p, at + 12) & _LOW_HALF)


@kernel
def _is_less(p: Bytes, a: Word, b: Word) -> bool:
    """Whether the address at ``a`` is below that at ``b``."""
    if load_be(p, a) != load_be(p, b):
        return bool(load_be(p, a) < load_be(p, b))
    if load_be(p, a + 8) != load_be(p, b + 8):
        return bool(load_be(p, a + 8) < load_be(p, b + 8))
    return bool(load_be(p, a + 12) < load_be(p, b + 12))


@kernel
def _reserves_before(state: Words, moves: Words, count: Word, pool: Word) -> None:
    """The pool's reserves, after the last of ``count`` moves that changed it or as mirrored, into the next move."""
    into = count * MOVE_WORDS + RESERVES
    for back in range(count):
        move = (count - 1 - back) * MOVE_WORDS
        if np.int64(moves[move + POOL]) == pool:
            for word in range(4):
                moves[into + word] = moves[move + RESERVES + word]
            return
    for word in range(4):
        moves[into + word] = state[pool * RECORD + AMOUNTS + word]
