"""What a swap does to the pools on its way: their states as it leaves them, from the mirrored ones.

A move (``MOVE_WORDS``) tells one hop: the pool, then the words that its record (``state.layout``) has from ``AMOUNTS``
on: the reserves of token0 and token1, 128 bits each, or square-root price, liquidity and tick. A pool that an earlier
move has changed is taken as that move left it, so swaps of one transaction add up.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels import v3
from tallyio.hot_path.kernels.v2 import amount_in, amount_out
from tallyio.hot_path.state.layout import AMOUNTS, BOUNDS, FEE_SHIFT, HEADER, RECORD, SPACING_SHIFT, V2, V3
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
    PATH_KIND,
    PATH_SINGLE,
    SQRT_LIMIT,
)
from tallyio.hot_path.transactions.pairs import find_pair
from tallyio.hot_path.uint256 import load, load128, store128, u256

Bytes = Any
Words = Any
Word = Any

POOL, STATE = 0, 1
MOVE_WORDS = STATE + v3.STATE_WORDS

_WORD = 32
_PACKED = 23  # bytes from one token of a packed path to the next
_NO_POOL = -int(Code.NO_POOL)
_WOULD_REVERT = -int(Code.WOULD_REVERT)
_NOT_TOLD = -int(Code.NOT_TOLD)
_NO_ROOM = -int(Code.NO_ROOM)
_OTHER_FAMILY = -int(Code.OTHER_FAMILY)
_STALE_TICKS = -int(Code.STALE_TICKS)
_UNTOLD = np.uint64(AMOUNT_UNTOLD | FEE_ON_TRANSFER)
_LOW_HALF = np.uint64(2**32 - 1)
_FAMILY_MASK = np.uint64(2**FEE_SHIFT - 1)
_FEE_MASK = np.uint64(2**24 - 1)
_FEE_SHIFT = np.uint64(FEE_SHIFT)
_SPACING_SHIFT = np.uint64(SPACING_SHIFT)
_ZERO = np.uint64(0)
_V2_FAMILY, _V3_FAMILY = np.uint64(2), np.uint64(3)  # as ``layout.FAMILY`` tells them


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
        pool = _pool(p, at, at + _WORD, tokens, pairs, protocol, _ZERO)
        if pool < 0:
            return _NO_POOL
        header = state[pool * RECORD + HEADER]
        if header & _FAMILY_MASK != np.uint64(V2):
            return _OTHER_FAMILY
        if _passed(moves, used, used + step, pool):
            return _NOT_TOLD  # some routers reckon all amounts before the first swap, others swap by swap
        fee = (header >> _FEE_SHIFT) & _FEE_MASK
        zero_for_one = _is_less(p, at, at + _WORD)
        move = (used + step) * MOVE_WORDS
        _state_before(state, moves, used + step, pool)
        place_in = move + STATE + (0 if zero_for_one else 2)
        place_out = move + STATE + (2 if zero_for_one else 0)
        reserve_in = load128(moves, place_in)
        reserve_out = load128(moves, place_out)
        if exact_out:
            other, ok = amount_in(amount, reserve_in, reserve_out, fee)
        else:
            other, ok = amount_out(amount, reserve_in, reserve_out, fee)
        if not ok:
            return _WOULD_REVERT
        store128(moves, place_in, reserve_in + (other if exact_out else amount))
        store128(moves, place_out, reserve_out - (amount if exact_out else other))
        amount = other
    limit = load(intent, LIMIT)
    if (amount > limit) if exact_out else (amount < limit):
        return _WOULD_REVERT
    return used + hops


@kernel
def v3_effect(
    p: Bytes,
    intent: Words,
    tokens: Words,
    pairs: Words,
    protocol: Word,
    state: Words,
    bounds: Words,
    stops: Words,
    stop_ticks: Words,
    moves: Words,
    used: Word,
    room: Word,
) -> Word:
    """As ``v2_effect``, of one v3 swap. ``bounds``, ``stops`` and ``stop_ticks`` are the pools' stops as the detector
    holds them (``state.layout``, ``state.stop_table``)."""
    hops = np.int64(intent[HOPS])
    if intent[FAMILY] != _V3_FAMILY:
        return _OTHER_FAMILY
    if intent[INTENT_FLAGS] & _UNTOLD != _ZERO:
        return _NOT_TOLD
    if hops > room - used:
        return _NO_ROOM
    none = u256(_ZERO)
    exact_in = intent[EXACT_OUT] == _ZERO
    single = intent[PATH_KIND] == np.uint64(PATH_SINGLE)
    amount = load(intent, AMOUNT)
    sqrt_limit = load(intent, SQRT_LIMIT)
    for step in range(hops):
        first = np.int64(intent[PATH_AT]) + (12 if single else _PACKED * step)
        second = first + (_WORD if single else _PACKED)
        fee = load_be(p, first + (76 if single else 15)) & _FEE_MASK
        pool = _pool(p, first, second, tokens, pairs, protocol, fee)
        if pool < 0:
            return _NO_POOL
        header = state[pool * RECORD + HEADER]
        if header & _FAMILY_MASK != np.uint64(V3):
            return _OTHER_FAMILY
        if not exact_in and _passed(moves, used, used + step, pool):
            return _WOULD_REVERT  # an output's hops are swapped one inside the other: the pool is locked
        # a packed path of an exact output runs from the output back
        zero_for_one = _is_less(p, first, second) if exact_in or single else _is_less(p, second, first)
        _state_before(state, moves, used + step, pool)
        side = pool * BOUNDS + (0 if zero_for_one else 2)
        taken, paid, outcome = v3.swap(
            moves,
            (used + step) * MOVE_WORDS + STATE,
            bounds[side],
            bounds[side + 1],
            stops,
            stop_ticks,
            np.int64(header >> _SPACING_SHIFT),
            (header >> _FEE_SHIFT) & _FEE_MASK,
            zero_for_one,
            amount,
            sqrt_limit,
            exact_in,
        )
        if outcome != v3.DONE:
            return _STALE_TICKS if outcome == v3.STALE else _WOULD_REVERT
        if taken == none or (not exact_in and paid != amount and sqrt_limit == none):
            return _WOULD_REVERT
        amount = paid if exact_in else taken
    limit = load(intent, LIMIT)
    if (amount < limit) if exact_in else (amount > limit):
        return _WOULD_REVERT
    return used + hops


@kernel
def _pool(p: Bytes, a: Word, b: Word, tokens: Words, pairs: Words, protocol: Word, fee: Word) -> Word:
    """The pool of the tokens whose 20 bytes begin at ``a`` and ``b``, below zero where there is none."""
    one = _token(p, a, tokens)
    other = _token(p, b, tokens)
    if one < 0 or other < 0:
        return -1
    return find_pair(pairs, np.uint64(one), np.uint64(other), protocol, fee)


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
def _passed(moves: Words, first: Word, end: Word, pool: Word) -> bool:
    """Whether a move from ``first`` on, before ``end``, is the pool's."""
    at = first
    while at < end and np.int64(moves[at * MOVE_WORDS + POOL]) != pool:
        at += 1
    return bool(at < end)


@kernel
def _state_before(state: Words, moves: Words, count: Word, pool: Word) -> None:
    """The pool and its state, after the last of ``count`` moves that changed it or as mirrored, into the next move."""
    into = count * MOVE_WORDS
    moves[into + POOL] = pool
    for back in range(count):
        move = (count - 1 - back) * MOVE_WORDS
        if np.int64(moves[move + POOL]) == pool:
            for word in range(STATE, MOVE_WORDS):
                moves[into + word] = moves[move + word]
            return
    for word in range(STATE, MOVE_WORDS):
        moves[into + word] = state[pool * RECORD + AMOUNTS + word - STATE]
