"""Records to JSON text and back, exactly.

msgspec writes integers of any size as decimal digits and reads them back as the same integers when the field is typed
``int``; bytes become base64. Typed decoding is therefore the only way to read a journal: SQLite's own JSON functions
and untyped parsers of other languages round integers beyond 2**53.
"""

from typing import Any

import msgspec

from tallyio.core import chain, trade
from tallyio.core.errors import BugError, OperatorError
from tallyio.journal import records

_ENCODER = msgspec.json.Encoder()
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {}


def register(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Let records of ``kind`` into the journal under its class name. Usable as a decorator; raises on a taken name."""
    name = kind.__name__
    known = _DECODERS.get(name)
    if known is not None and known.type is not kind:
        raise BugError(f"two record types are called {name}", todo="Rename one; the journal stores class names")
    _DECODERS[name] = msgspec.json.Decoder(kind)
    return kind


for _kind in (
    chain.BlockRef,
    chain.NewBlock,
    chain.Rollback,
    chain.PendingTransaction,
    chain.FeedStatus,
    trade.Opportunity,
    trade.Decision,
    trade.Proof,
    trade.Bundle,
    trade.Submission,
    trade.Outcome,
    records.NoncesReserved,
    records.NoncesReleased,
    records.NoncesRestored,
    records.BreakerState,
    records.LedgerOpened,
    records.LedgerRolledBack,
    records.Diverged,
    records.JointPlan,
):
    register(_kind)


def encode(record: msgspec.Struct) -> tuple[str, str]:
    """The record's kind and its JSON text. Raises ``BugError`` for a type that was never registered."""
    kind = type(record).__name__
    known = _DECODERS.get(kind)
    if known is None or known.type is not type(record):
        raise BugError(f"the journal does not know records of type {kind}", todo="Register the type in journal.codec")
    return kind, _ENCODER.encode(record).decode()


def decode(kind: str, body: str) -> Any:
    """The record that ``encode`` was given. Raises ``OperatorError`` when the text is not such a record."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise OperatorError(
            f"the journal holds a record of the unknown kind {kind!r}",
            todo="Read it with the version of TallyIO that wrote it",
        )
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as e:
        raise OperatorError(
            f"the journal holds a damaged record of kind {kind}: {e}", todo="Restore the data folder from a backup"
        ) from None


def links(record: Any) -> tuple[str, ...]:
    """Ids that the record names: of opportunities, bundles, plans and transactions, its own first."""
    found: tuple[str, ...] = ()
    match record:
        case trade.Opportunity():
            found = (record.id,)
        case trade.Decision() | trade.Proof():
            found = (record.opportunity_id,)
        case trade.Bundle():
            found = (record.id, *record.opportunity_ids, *record.own)
        case trade.Submission():
            found = (record.bundle_id,)
        case trade.Outcome():
            found = (record.opportunity_id, record.bundle_id, record.tx_hash)
        case records.JointPlan():
            found = record.opportunity_ids
        case records.NoncesReserved() | records.NoncesReleased():
            found = (record.plan_id,)
    return tuple(dict.fromkeys(id_ for id_ in found if id_))


def block_number(record: Any) -> int | None:
    """The block that a record is about: the target of a trade, else where it happened."""
    match record:
        case trade.Opportunity() | trade.Bundle() | records.NoncesReserved() | records.JointPlan():
            return record.target_block
        case trade.Proof() | trade.Outcome() | records.LedgerOpened() | records.Diverged() | chain.NewBlock():
            return record.block.number if record.block else None
        case chain.Rollback() | records.LedgerRolledBack():
            return record.to.number
        case _:
            return None
