"""Whatever a record holds, the journal gives it back."""

import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tallyio.core import chain, trade
from tallyio.journal import codec, records
from tallyio.journal.log import Journal

integers = st.integers(-(2**300), 2**300)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
KINDS = [
    chain.BlockRef, chain.NewBlock, chain.Rollback, chain.PendingTransaction, chain.FeedStatus,
    trade.Opportunity, trade.Decision, trade.Proof, trade.Bundle, trade.Submission, trade.Outcome,
    records.NoncesReserved, records.NoncesReleased, records.NoncesRestored, records.BreakerState,
    records.LedgerOpened, records.LedgerRolledBack, records.Diverged,
]  # fmt: skip


def of(info: msgspec.inspect.Type) -> st.SearchStrategy[object]:
    """Values of a field's type."""
    inspect = msgspec.inspect
    match info:
        case inspect.IntType():
            return integers
        case inspect.BoolType():
            return st.booleans()
        case inspect.StrType():
            return texts
        case inspect.BytesType():
            return st.binary(max_size=40)
        case inspect.NoneType():
            return st.none()
        case inspect.UnionType(types=types):
            return st.one_of(*map(of, types))
        case inspect.VarTupleType(item_type=item):
            return st.lists(of(item), max_size=3).map(tuple)
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{f.name: of(f.type) for f in fields})
    raise AssertionError(info)


everything = st.one_of(*(of(msgspec.inspect.type_info(kind)) for kind in KINDS))


@given(everything)
def test_records_survive_encoding(record: msgspec.Struct) -> None:
    kind, body = codec.encode(record)
    assert codec.decode(kind, body) == record


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(everything, min_size=1, max_size=4), max_size=4))
def test_groups_are_read_back_whole_in_order_after_reopening(groups: list[list[msgspec.Struct]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite3"
        written = []
        for group in groups:
            with Journal.open(path) as journal:
                written += journal.append_many(group, block=2**60)
        with Journal.open(path) as journal:
            entries = list(journal.read())
    assert [e.seq for e in entries] == written == sorted(set(written))
    assert [e.record for e in entries] == [record for group in groups for record in group]
