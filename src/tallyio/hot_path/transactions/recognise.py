"""A router call into swap intents: functions, the calls inside a multicall, the commands of a plan.

What lies inside one another is walked with a stack of ``DEPTH`` frames and a budget of ``PARTS`` parts for one
transaction; whatever a cap leaves out is counted, and so is every part that is not known.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.pointer import pointer_at
from tallyio.hot_path.transactions import calls, commands
from tallyio.hot_path.transactions.abi import WORD, byte_string, byte_strings, copy_word, saturated, tail
from tallyio.hot_path.transactions.byte_access import byte, load_be, multiply
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.layout import (
    CALL,
    CONDITIONS,
    DATA_AT,
    DATA_LENGTH,
    DEADLINE,
    EXACT_OUT,
    HAS_DEADLINE,
    INTENT_WORDS,
    INTENTS,
    LEFT_OUT,
    LIMIT,
    MAY_FAIL,
    SELECTOR,
    SKIPPED,
    UNKNOWN_CALLS,
    UNKNOWN_COMMANDS,
)
from tallyio.hot_path.transactions.swaps import plan_swap, v2_swap, v3_path, v3_single

Bytes = Any
Words = Any
Word = Any

DEPTH = 4
PARTS = 256
FRAME_WORDS = 8
STACK_WORDS = DEPTH * FRAME_WORDS + 1
"""Scratch words that a caller of ``recognise`` provides."""

# a frame: the items' heads, how many, the next, the commands' bytes (0: calls), kinds, deadline given, deadline, flags
_BASE, _COUNT, _NEXT, _COMMANDS, _KINDS, _HAS_DEADLINE, _DEADLINE, _FLAGS = range(FRAME_WORDS)
_FRAMES = 1  # the stack's first word counts them

_NO_CALL = int(Code.NO_CALL)
_UNKNOWN_SELECTOR = int(Code.UNKNOWN_SELECTOR)
_SHORT = int(Code.ARGUMENTS_SHORT)
_LENGTHS_DIFFER = int(Code.LENGTHS_DIFFER)
_PARTLY_UNKNOWN = int(Code.PARTLY_UNKNOWN)
_LEFT_OUT = int(Code.LEFT_OUT)
_V2, _V3_SINGLE, _V3_PATH = int(calls.Action.V2), int(calls.Action.V3_SINGLE), int(calls.Action.V3_PATH)
_MULTICALL, _PLAN, _UNWRAP = int(calls.Action.MULTICALL), int(calls.Action.PLAN), int(calls.Action.UNWRAP)
_CONDITION = int(calls.Action.CONDITION)
_TIMED, _LEADING_WORD, _CALL_EXACT_OUT = calls.TIMED, calls.LEADING_WORD, calls.EXACT_OUT
_V3_IN, _V3_OUT = int(commands.Command.V3_SWAP_EXACT_IN), int(commands.Command.V3_SWAP_EXACT_OUT)
_V2_IN, _V2_OUT = int(commands.Command.V2_SWAP_EXACT_IN), int(commands.Command.V2_SWAP_EXACT_OUT)
_SUB_PLAN, _UNWRAP_COMMAND = int(commands.Command.EXECUTE_SUB_PLAN), int(commands.Command.UNWRAP_WETH)
_COMMAND_MAY_FAIL = commands.MAY_FAIL
_SKIPPED_BITS = sum(1 << c for c in commands.SKIPPED)
_CONDITION_BITS = sum(1 << c for c in commands.CONDITIONS)
_SHIFT = np.uint64(64 - calls.TABLE_BITS)
_KNOWN = np.uint64(1 << 32)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_LOW_HALF = np.uint64(2**32 - 1)


@inlined
def lookup(table: Words, selector: Word) -> Word:
    """The descriptor of a selector (see ``calls``), 0 where it is unknown."""
    slot = np.int64(multiply(selector, table[0]) >> _SHIFT)
    return np.int64(table[2 + 2 * slot]) if table[1 + 2 * slot] == (selector | _KNOWN) else 0


@inlined
def recognise(p: Bytes, record: Words, table: Words, kinds: Word, intents: Words, cap: Word, stack: Words) -> Word:
    """The swaps in the calldata of ``record``'s transaction into ``intents`` (room for ``cap``); a ``Code``.

    ``table`` from ``calls.table``; ``kinds`` are the routers that the target may be; ``stack`` uint64 of
    ``STACK_WORDS``. The counts go to ``record``. After a code other than ``PARTLY_UNKNOWN`` and ``LEFT_OUT`` the call
    reverts or is not known, and no intent counts.
    """
    at = np.int64(record[DATA_AT])
    length = np.int64(record[DATA_LENGTH])
    stack[0] = _ZERO
    if length < 4 or record[6] | record[7] | record[8] == _ZERO:
        return _NO_CALL
    selector = _selector(p, at)
    described = lookup(table, selector)
    record[SELECTOR] = selector
    record[CALL] = (described >> 16) & 255
    if (described >> 8) & kinds & 15 == 0:
        return _UNKNOWN_SELECTOR
    code = _act(p, described, at + 4, at + length, _ZERO, _ZERO, kinds, record, intents, cap, stack)
    if stack[0] != _ZERO:
        code = _parts(p, code, record, table, intents, cap, stack)
    if code != 0:
        record[INTENTS] = _ZERO
        return code
    if record[LEFT_OUT] != _ZERO:
        return _LEFT_OUT
    return _PARTLY_UNKNOWN if record[UNKNOWN_CALLS] + record[UNKNOWN_COMMANDS] != _ZERO else 0


@kernel
def _parts(p: Bytes, code: Word, record: Words, table: Words, intents: Words, cap: Word, stack: Words) -> Word:
    """What the frames on the stack hold, innermost first, in the order of execution."""
    parts = 0
    while code == 0 and stack[0] > _ZERO:
        frame = _FRAMES + (np.int64(stack[0]) - 1) * FRAME_WORDS
        item = np.int64(stack[frame + _NEXT])
        count = np.int64(stack[frame + _COUNT])
        if item >= count:
            stack[0] -= _ONE
            continue
        if parts >= PARTS:
            record[LEFT_OUT] += np.uint64(count - item)
            stack[0] -= _ONE
            continue
        parts += 1
        stack[frame + _NEXT] += _ONE
        base = np.int64(stack[frame + _BASE])
        start = base + _offset(p, base + WORD * item)
        end = start + WORD + _offset(p, start)
        code = _part(p, start + WORD, end, frame, item, record, table, intents, cap, stack)
    return code


@kernel
def _offset(p: Bytes, at: Word) -> Word:
    """A word that has been found small before."""
    return np.int64(load_be(p, at + 24))


@kernel
def _part(
    p: Bytes,
    at: Word,
    end: Word,
    frame: Word,
    item: Word,
    record: Words,
    table: Words,
    intents: Words,
    cap: Word,
    stack: Words,
) -> Word:
    timed = stack[frame + _HAS_DEADLINE]
    deadline = stack[frame + _DEADLINE]
    where = np.int64(stack[frame + _COMMANDS])
    if where == 0:
        kinds = np.int64(stack[frame + _KINDS])
        if end - at < 4:
            record[UNKNOWN_CALLS] += _ONE
            return 0
        described: Word = lookup(table, _selector(p, at))
        if (described >> 8) & kinds & 15 == 0:
            record[UNKNOWN_CALLS] += _ONE
            return 0
        return _act(p, described, at + 4, end, timed, deadline, kinds, record, intents, cap, stack)
    flags = np.int64(stack[frame + _FLAGS])
    described = np.int64(stack[frame + _KINDS])
    return _command(p, byte(p, where + item), at, end, timed, deadline, described, flags, record, intents, cap, stack)


@inlined
def _selector(p: Bytes, at: Word) -> Word:
    """The four bytes at ``at``: read with the four before them, which a transaction always has."""
    return load_be(p, at - 4) & _LOW_HALF


@inlined
def _act(
    p: Bytes,
    described: Word,
    base: Word,
    end: Word,
    timed: Word,
    deadline: Word,
    kinds: Word,
    record: Words,
    intents: Words,
    cap: Word,
    stack: Words,
) -> Word:
    """One function call: an intent, a frame of parts, or a count."""
    action = described & 255
    if action <= _V3_PATH:
        place = np.int64(record[INTENTS])
        if place >= cap:
            record[LEFT_OUT] += _ONE
            return 0
        out = pointer_at(intents, place * INTENT_WORDS)
        if action == _V2:
            code = v2_swap(p, base, end, described, record, out)
        elif action == _V3_SINGLE:
            code = v3_single(p, base, end, described, out)
        else:
            code = v3_path(p, base, end, described, out)
        return _told(code, timed, deadline, record, out)
    if action == _MULTICALL:
        heads = 2 if described & _LEADING_WORD else 1
        if end - base < WORD * heads:
            return _SHORT
        if described & _TIMED:
            own = saturated(p, base)
            if timed == _ZERO or own < deadline:
                deadline = own
            timed = _ONE
        elif described & _LEADING_WORD:
            record[CONDITIONS] += _ONE
        inner = (described >> 8) & kinds & 15
        return _push(p, base, heads, heads - 1, 0, 0, end, timed, deadline, inner, 0, record, stack)
    if action == _PLAN:
        heads = 3 if described & _TIMED else 2
        if end - base < WORD * heads:
            return _SHORT
        if described & _TIMED:
            timed = _ONE
            deadline = saturated(p, base + 2 * WORD)
        return _plan(p, base, heads, end, timed, deadline, described, 0, record, stack)
    if action == _UNWRAP:
        return _unwrap(p, base, 0, end, record, intents)
    record[CONDITIONS if action == _CONDITION else SKIPPED] += _ONE
    return 0


@kernel
def _told(code: Word, timed: Word, deadline: Word, record: Words, out: Words) -> Word:
    """Count the intent; a deadline around it holds where it has none of its own."""
    if code == 0:
        record[INTENTS] += _ONE
        if timed != _ZERO and out[HAS_DEADLINE] == _ZERO:
            out[HAS_DEADLINE] = _ONE
            out[DEADLINE] = deadline
    return code


@kernel
def _push(
    p: Bytes,
    base: Word,
    heads: Word,
    place: Word,
    where: Word,
    expected: Word,
    end: Word,
    timed: Word,
    deadline: Word,
    kinds: Word,
    flags: Word,
    record: Words,
    stack: Words,
) -> Word:
    """A frame for the ``bytes[]`` of the head word ``place``."""
    at = tail(p, base, heads, place, end)
    if at < 0:
        return -at
    count = byte_strings(p, at, end)
    if count < 0:
        return -count
    if where != 0 and count != expected:
        return _LENGTHS_DIFFER
    if np.int64(stack[0]) >= DEPTH:
        record[LEFT_OUT] += np.uint64(count)
        return 0
    frame = _FRAMES + np.int64(stack[0]) * FRAME_WORDS
    stack[frame + _BASE] = at + WORD
    stack[frame + _COUNT] = count
    stack[frame + _NEXT] = _ZERO
    stack[frame + _COMMANDS] = where
    stack[frame + _KINDS] = kinds
    stack[frame + _HAS_DEADLINE] = timed
    stack[frame + _DEADLINE] = deadline
    stack[frame + _FLAGS] = flags
    stack[0] += _ONE
    return 0


@kernel
def _plan(
    p: Bytes,
    base: Word,
    heads: Word,
    end: Word,
    timed: Word,
    deadline: Word,
    described: Word,
    flags: Word,
    record: Words,
    stack: Words,
) -> Word:
    """``(commands, inputs[, deadline])``."""
    where = tail(p, base, heads, 0, end)
    if where < 0:
        return -where
    count = byte_string(p, where, end)
    if count < 0:
        return -count
    return _push(p, base, heads, 1, where + WORD, count, end, timed, deadline, described, flags, record, stack)


@kernel
def _command(
    p: Bytes,
    command: Word,
    at: Word,
    end: Word,
    timed: Word,
    deadline: Word,
    described: Word,
    flags: Word,
    record: Words,
    intents: Words,
    cap: Word,
    stack: Words,
) -> Word:
    """One command of a plan with its input."""
    if command & _COMMAND_MAY_FAIL:
        flags |= MAY_FAIL
        command -= _COMMAND_MAY_FAIL
    if command in (_V3_IN, _V3_OUT, _V2_IN, _V2_OUT):
        place = np.int64(record[INTENTS])
        if place >= cap:
            record[LEFT_OUT] += _ONE
            return 0
        out = pointer_at(intents, place * INTENT_WORDS)
        exact_out = _CALL_EXACT_OUT if command in (_V3_OUT, _V2_OUT) else 0
        family = 3 if command <= _V3_OUT else 2
        code = plan_swap(p, at, end, described | exact_out, family, flags, out)
        return _told(code, timed, deadline, record, out)
    if command == _SUB_PLAN:
        if end - at < 2 * WORD:
            return _SHORT
        return _plan(p, at, 2, end, timed, deadline, described, flags, record, stack)
    if command == _UNWRAP_COMMAND:
        return _unwrap(p, at, 1, end, record, intents)
    if command < 64 and (_SKIPPED_BITS >> command) & 1:
        record[SKIPPED] += _ONE
    elif command < 64 and (_CONDITION_BITS >> command) & 1:
        record[CONDITIONS] += _ONE
    else:
        record[UNKNOWN_COMMANDS] += _ONE
    return 0


@kernel
def _unwrap(p: Bytes, base: Word, place: Word, end: Word, record: Words, intents: Words) -> Word:
    """The least amount to unwrap, the word ``place``, is one more limit on the one swap before; of several swaps none
    can be told which owes it, so it is counted."""
    if end - base < WORD * (place + 1):
        return _SHORT
    record[SKIPPED] += _ONE
    at = base + WORD * place
    if record[INTENTS] != _ONE or intents[EXACT_OUT] != _ZERO:
        least = load_be(p, at) | load_be(p, at + 8) | load_be(p, at + 16) | load_be(p, at + 24)
        if least != _ZERO:
            record[CONDITIONS] += _ONE
        return 0
    for limb in range(4):
        found = load_be(p, at + 8 * limb)
        limit = intents[LIMIT + 3 - limb]
        if found < limit:
            return 0
        if found > limit:
            copy_word(p, at, intents, LIMIT)
            return 0
    return 0
