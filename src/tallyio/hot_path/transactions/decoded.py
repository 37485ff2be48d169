"""One transaction decoded for Python code: what the kernels found, as records with names.

The kernels are imported with this module; a process that shall start fast imports it where it needs it.
"""

from collections.abc import Mapping

import msgspec
import numpy as np

from tallyio.hot_path.transactions import layout
from tallyio.hot_path.transactions.addresses import address_table
from tallyio.hot_path.transactions.batch import decode_batch
from tallyio.hot_path.transactions.calls import CALLS, Kind, table
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.recognise import STACK_WORDS


class Hop(msgspec.Struct, frozen=True):
    """``fee_pips`` is None on v2, whose pairs are named by their tokens alone."""

    token_in: bytes
    token_out: bytes
    fee_pips: int | None = None


class Intent(msgspec.Struct, frozen=True):
    """A swap asked for.

    ``amount`` is the input and ``limit`` the least output, or with ``exact_out`` the output and the most input.
    ``deadline`` in unix seconds, at most 2**64 - 1, None without; ``sqrt_limit_x96`` 0 without. ``flags``: ``layout``.
    """

    hops: tuple[Hop, ...]
    amount: int
    limit: int
    exact_out: bool
    family: int
    recipient: bytes
    deadline: int | None
    sqrt_limit_x96: int
    flags: int
    signature: str


class Decoded(msgspec.Struct, frozen=True):
    """A transaction. ``chain_id`` None: legacy without replay protection. ``call`` says how far the calldata was
    understood; the counts are those of ``layout``. ``data`` is the range of the calldata in the raw bytes."""

    type: int
    chain_id: int | None
    nonce: int
    max_fee_wei: int
    priority_fee_wei: int
    gas_limit: int
    to: bytes | None
    value_wei: int
    data: slice
    signature: tuple[int, int, int]
    """Parity, r, s."""
    signed: slice
    body: slice
    call: Code
    selector: int
    intents: tuple[Intent, ...]
    left_out: int
    unknown: int
    conditions: int
    router: int | None


class Decoder:
    """Decodes with fixed tables and buffers: one per thread.

    ``routers``: the targets known by address (20 bytes) and kind; empty: any target may be any router. At most
    ``max_intents`` of one transaction are told.
    """

    def __init__(self, routers: Mapping[bytes, Kind] | None = None, max_intents: int = 32) -> None:
        known = dict(routers or {})
        self._table = table()
        self._routers = address_table(list(known))
        self._kinds = np.array([int(kind) for kind in known.values()] or [0], np.int64)
        self._cap = max_intents
        self._record = np.zeros(layout.RECORD_WORDS, np.uint64)
        self.intents = np.zeros(max_intents * layout.INTENT_WORDS, np.uint64)
        """The words of the intents of the transaction decoded last; their paths lie in ``buffer``."""
        self.buffer = np.zeros(0, np.uint8)
        self._stack = np.zeros(STACK_WORDS, np.uint64)
        self._at = np.zeros(1, np.int64)
        self._length = np.zeros(1, np.int64)

    def decode(self, raw: bytes) -> Decoded | Code:
        """The transaction in ``raw``, or why it is none."""
        self.buffer = np.frombuffer(bytearray(raw), np.uint8)
        self._length[0] = len(raw)
        decode_batch(
            self.buffer,
            self._at,
            self._length,
            self._record,
            self.intents,
            self._cap,
            self._table,
            self._routers,
            self._kinds,
            self._stack,
        )
        record = self._record.tolist()
        if record[layout.CODE]:
            return Code(record[layout.CODE])
        return decoded(raw, record, self.intents[: record[layout.INTENTS] * layout.INTENT_WORDS].tolist())


def decode(raw: bytes) -> Decoded | Code:
    """As ``Decoder.decode`` without a list of routers; makes its buffers anew."""
    return Decoder().decode(raw)


def decoded(buffer: bytes, record: list[int], intents: list[int]) -> Decoded:
    """The words of one record (without error) and of its intents, read from ``buffer``, as Python values."""
    words, flags = layout.INTENT_WORDS, record[layout.FLAGS]
    protected = record[layout.TYPE] or flags & layout.PROTECTED
    return Decoded(
        record[layout.TYPE],
        record[layout.CHAIN_ID] if protected else None,
        record[layout.NONCE],
        record[layout.MAX_FEE],
        record[layout.TIP],
        record[layout.GAS],
        None if flags & layout.CREATES else address_of(record, layout.TO),
        number_of(record, layout.VALUE),
        slice(record[layout.DATA_AT], record[layout.DATA_AT] + record[layout.DATA_LENGTH]),
        (record[layout.PARITY], number_of(record, layout.R), number_of(record, layout.S)),
        slice(record[layout.SIGNED_AT], record[layout.SIGNED_AT] + record[layout.SIGNED_LENGTH]),
        slice(record[layout.BODY_AT], record[layout.BODY_AT] + record[layout.BODY_LENGTH]),
        Code(record[layout.CALL_CODE]),
        record[layout.SELECTOR],
        tuple(_intent(buffer, intents[i * words : (i + 1) * words]) for i in range(record[layout.INTENTS])),
        record[layout.LEFT_OUT],
        record[layout.UNKNOWN_CALLS] + record[layout.UNKNOWN_COMMANDS],
        record[layout.CONDITIONS],
        record[layout.ROUTER] - 1 if record[layout.ROUTER] else None,
    )


def number_of(words: list[int], at: int) -> int:
    """Four limbs as one integer."""
    return words[at] | words[at + 1] << 64 | words[at + 2] << 128 | words[at + 3] << 192


def address_of(words: list[int], at: int) -> bytes:
    """Three words as the 20 bytes that they hold."""
    return words[at].to_bytes(8) + words[at + 1].to_bytes(8) + words[at + 2].to_bytes(4)


def _intent(buffer: bytes, words: list[int]) -> Intent:
    return Intent(
        _hops(buffer, words),
        number_of(words, layout.AMOUNT),
        number_of(words, layout.LIMIT),
        bool(words[layout.EXACT_OUT]),
        words[layout.FAMILY],
        address_of(words, layout.RECIPIENT),
        words[layout.DEADLINE] if words[layout.HAS_DEADLINE] else None,
        number_of(words, layout.SQRT_LIMIT),
        words[layout.INTENT_FLAGS],
        CALLS[words[layout.INTENT_CALL] - 1].signature,
    )


def _hops(buffer: bytes, words: list[int]) -> tuple[Hop, ...]:
    at, count = words[layout.PATH_AT], words[layout.HOPS]
    if words[layout.PATH_KIND] == layout.PATH_SINGLE:
        fee = int.from_bytes(buffer[at + 64 : at + 96])
        return (Hop(buffer[at + 12 : at + 32], buffer[at + 44 : at + 64], fee),)
    if words[layout.PATH_KIND] == layout.PATH_ADDRESSES:
        tokens = [buffer[at + 32 * i + 12 : at + 32 * i + 32] for i in range(count + 1)]
        return tuple(Hop(tokens[i], tokens[i + 1]) for i in range(count))
    tokens = [buffer[at + 23 * i : at + 23 * i + 20] for i in range(count + 1)]
    fees = [int.from_bytes(buffer[at + 23 * i + 20 : at + 23 * i + 23]) for i in range(count)]
    if words[layout.EXACT_OUT]:
        tokens.reverse()
        fees.reverse()
    return tuple(Hop(tokens[i], tokens[i + 1], fees[i]) for i in range(count))
