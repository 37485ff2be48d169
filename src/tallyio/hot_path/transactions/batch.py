"""Many transactions in one buffer, one compiled loop."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.pointer import pointer, pointer_at
from tallyio.hot_path.transactions.addresses import find_address
from tallyio.hot_path.transactions.calls import Kind
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.envelope import read
from tallyio.hot_path.transactions.layout import (
    CALL_CODE,
    CODE,
    FIRST_INTENT,
    INTENT_WORDS,
    INTENTS,
    RECORD_WORDS,
    ROUTER,
    TO,
)
from tallyio.hot_path.transactions.recognise import recognise

Array = Any
Words = Any
Word = Any

_OUTSIDE_BUFFER = int(Code.OUTSIDE_BUFFER)
_NOT_A_ROUTER = int(Code.NOT_A_ROUTER)
_ANY = int(Kind.ANY)


@kernel
def one(
    p: Words,
    at: Word,
    length: Word,
    record: Words,
    intents: Words,
    cap: Word,
    table: Words,
    routers: Words,
    kinds: Words,
    stack: Words,
) -> Word:
    """Read and recognise one transaction; ``record[CODE]`` and ``record[CALL_CODE]`` say how. Gives its intents.

    ``routers`` from ``addresses.address_table`` with a router's ``Kind`` in ``kinds`` by its number; where ``kinds[0]``
    is 0 any target may be any router. All are raw pointers.
    """
    code = read(p, at, length, record)
    record[CODE] = code
    if code != 0:
        return 0
    allowed: Word = np.int64(kinds[0])
    if allowed != 0:
        router = find_address(routers, record[TO], record[TO + 1], record[TO + 2])
        record[ROUTER] = router + 1
        if router < 0:
            record[CALL_CODE] = _NOT_A_ROUTER
            return 0
        allowed = np.int64(kinds[router])
    else:
        allowed = _ANY
    record[CALL_CODE] = recognise(p, record, table, allowed, intents, cap, stack)
    return np.int64(record[INTENTS])


@kernel
def decode_batch(
    buffer: Array,
    offsets: Array,
    lengths: Array,
    records: Array,
    intents: Array,
    cap: Word,
    table: Array,
    routers: Array,
    kinds: Array,
    stack: Array,
) -> Word:
    """Decode the transactions at ``offsets`` with ``lengths`` (int64) of ``buffer`` (uint8), all in turn.

    ``records`` holds ``RECORD_WORDS`` for each, ``intents`` as many intents as there is room for, of which a
    transaction may have ``cap``; ``stack`` has ``recognise.STACK_WORDS``. All uint64, one-dimensional, contiguous and
    writeable as made by NumPy. Gives the number of intents written.
    """
    size = len(buffer)
    room = len(intents) // INTENT_WORDS
    count = min(len(offsets), len(lengths), len(records) // RECORD_WORDS)
    p = pointer(buffer)
    at = pointer(offsets)
    length = pointer(lengths)
    record = pointer(records)
    intent = pointer(intents)
    calls = pointer(table)
    known = pointer(routers)
    kind = pointer(kinds)
    scratch = pointer(stack)
    used = 0
    for i in range(count):
        mine = pointer_at(record, i * RECORD_WORDS)
        if at[i] < 0 or length[i] < 0 or at[i] > size or length[i] > size - at[i]:
            mine[CODE] = _OUTSIDE_BUFFER
            mine[INTENTS] = 0
            continue
        left = min(cap, room - used)
        found = one(
            p, at[i], length[i], mine, pointer_at(intent, used * INTENT_WORDS), left, calls, known, kind, scratch
        )
        mine[FIRST_INTENT] = used
        used += found
    return used
