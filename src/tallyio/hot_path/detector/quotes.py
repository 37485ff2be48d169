"""Exact quotes of single pools from the detector's arrays, in its own process or from memory that another writes."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.detector.asked import exact_in
from tallyio.hot_path.detector.hop import exact_out
from tallyio.hot_path.detector.locate import locate
from tallyio.hot_path.memory.atomics import fence_acquire, load_acquire, load_relaxed, pause
from tallyio.hot_path.pointer import pointer, pointer_at
from tallyio.hot_path.state.absorb import ABSORBED, absorb
from tallyio.hot_path.state.layout import (
    ABOVE,
    AMOUNTS,
    BELOW,
    BOUNDS,
    EVENT,
    EVENT_STAMP,
    FIRST,
    FLOATS,
    HEADER,
    LIQUIDITY,
    RECORD,
    STAMP,
    TICK,
    V3,
)
from tallyio.hot_path.uint256 import load, store

Array = Any
Words = Any
Reals = Any
Index = Any
Word = Any

PAID, REFUSED, TORN = 0, 1, 2

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_BYTE = np.uint64(0xFF)
_EVENT_AT = RECORD + FIRST
OWN_WORDS = _EVENT_AT + EVENT
OWN_REALS = FLOATS + 2


@kernel
def quote_all(
    edge: Index,
    asked: bool,
    count: Index,
    amounts: Array,
    answers: Array,
    ok: Array,
    records: Array,
    floats: Array,
    bounds: Array,
    first: Array,
    stops: Array,
    stop_floats: Array,
    stop_ticks: Array,
) -> None:
    """What the pool ``edge >> 1`` pays for each of ``count`` ``amounts`` (four limbs), or where ``asked`` asks for it.

    ``answers`` has as many words; ``ok`` is 0 where an answer is refused. For the process that writes the arrays.
    """
    p, q, flags = pointer(amounts), pointer(answers), pointer(ok)
    r, f, b = pointer(records), pointer(floats), pointer(bounds)
    held, s = pointer(first), pointer(stops)
    locate(edge >> 1, r, f, b, s, pointer(stop_floats), pointer(stop_ticks))
    for i in range(count):
        amount = load(p, 4 * i)
        if asked:
            answer, fine = exact_in(edge, amount, r, b, s)
        else:
            answer, fine = _paid(edge, amount, r, b, s, held, f)
        store(q, 4 * i, answer)
        flags[i] = fine


@kernel
def quote_shared(
    edge: Index,
    amount: Array,
    records: Array,
    versions: Array,
    bounds: Array,
    stops: Array,
    stop_floats: Array,
    stop_ticks: Array,
    own_words: Array,
    own_reals: Array,
    own_bounds: Array,
    tries: Index,
) -> Index:
    """``amount`` (four limbs) becomes what the pool ``edge >> 1`` pays for it; ``PAID``, ``REFUSED`` or ``TORN``.

    State and stops are those of one moment: both sequences are looked at again after the walk, which reads nothing
    beyond the arrays whatever is written meanwhile. ``own_words`` (``OWN_WORDS``), ``own_reals`` (``OWN_REALS``) and
    ``own_bounds`` (``BOUNDS``) are the caller's scratch.
    """
    pool, side, most = edge >> 1, edge & 1, np.int64(len(stop_ticks))
    base = pool * RECORD
    r, v, b, s = pointer(records), pointer(versions), pointer(bounds), pointer(stops)
    places, reals = pointer(stop_ticks), pointer(stop_floats)
    own, f, mine, p = pointer(own_words), pointer(own_reals), pointer(own_bounds), pointer(amount)
    held, rates = pointer_at(own, RECORD), pointer_at(f, FLOATS)
    wanted = load(p, 0)
    for _ in range(tries):
        version, sequence = load_acquire(v, pool), load_acquire(r, base)
        if (version | sequence) & _ONE != _ZERO:
            pause()
            continue
        _take(r, base, own)
        for k in range(BOUNDS):
            mine[k] = min(max(b[pool * BOUNDS + k], np.int64(0)), most)
        fence_acquire()
        if load_relaxed(r, base) != sequence or load_relaxed(v, pool) != version:
            continue
        known = absorb(own, f, rates, 1, own, _EVENT_AT) == ABSORBED
        own[BELOW], own[ABOVE] = _ZERO, _ZERO
        locate(0, own, f, mine, s, reals, places)
        paid, ok = _paid(side, wanted, own, mine, s, held, f)
        fence_acquire()
        if load_relaxed(r, base) != sequence or load_relaxed(v, pool) != version:
            continue
        store(p, 0, paid)
        return PAID if known and ok else REFUSED
    return TORN


@kernel
def _paid(
    edge: Index, amount: Word, records: Words, bounds: Words, stops: Words, first: Words, floats: Reals
) -> tuple[Word, bool]:
    """As ``exact_out``, which is copied into what calls it: here once."""
    return exact_out(edge, amount, records, bounds, stops, first, floats)


@kernel
def _take(records: Words, base: Index, own: Words) -> None:
    """The record's header, and its state as an event for pool 0."""
    header = load_relaxed(records, base + HEADER)
    own[HEADER] = header
    own[_EVENT_AT] = (load_relaxed(records, base + TICK) & _LOW) << _HALF
    for k in range(4):
        own[_EVENT_AT + 1 + k] = load_relaxed(records, base + AMOUNTS + k)
    if np.int64(header & _BYTE) == V3:
        own[_EVENT_AT + 4] = load_relaxed(records, base + LIQUIDITY)
        own[_EVENT_AT + 5] = load_relaxed(records, base + LIQUIDITY + 1)
    own[_EVENT_AT + EVENT_STAMP] = load_relaxed(records, base + STAMP)
