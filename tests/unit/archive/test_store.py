"""What is written comes back equal; what is damaged is refused by one clear error and leaves nothing behind."""

import errno
import os
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tallyio.archive.importing import joined
from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.archive.schema import VERSION_KEY, schema
from tallyio.archive.store import blocks_in, read_block, write_block


def test_a_block_comes_back_as_it_was(tmp_path: Path, small_block: ArchivedBlock) -> None:
    path = write_block(tmp_path, small_block)
    assert read_block(path) == small_block
    assert blocks_in(tmp_path) == [path]


def test_every_truncation_is_refused(tmp_path: Path, small_block: ArchivedBlock) -> None:
    path = write_block(tmp_path, small_block)
    whole = path.read_bytes()
    for length in {0, 1, 4, 8, len(whole) // 4, len(whole) // 2, len(whole) - 8, len(whole) - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(ArchiveError, match="cut off or corrupt"):
            read_block(path)


def test_a_changed_byte_is_refused_or_harmless(tmp_path: Path, small_block: ArchivedBlock) -> None:
    path = write_block(tmp_path, small_block)
    whole = path.read_bytes()
    refused = 0
    for at in range(4, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        try:
            assert read_block(path) == small_block  # statistics and names that nothing reads
        except ArchiveError:
            refused += 1
    assert refused


def test_another_version_is_named(tmp_path: Path, small_block: ArchivedBlock) -> None:
    path = write_block(tmp_path, small_block)
    table = pq.read_table(path).replace_schema_metadata({VERSION_KEY: b"9"})
    pq.write_table(table, path)
    with pytest.raises(ArchiveError, match="found archive version 9, expected 1"):
        read_block(path)


def test_a_foreign_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "0000000001.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(ArchiveError, match="version none"):
        read_block(path)
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata(schema().metadata), path)
    with pytest.raises(ArchiveError, match="other columns"):
        read_block(path)


def test_an_empty_folder_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="holds no archived block"):
        blocks_in(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hash": "0x" + "00" * 32}, "the header hashes to"),
        ({"transactions": ()}, "the transactions' root"),
        ({"withdrawals": None}, "the withdrawals' root"),
    ],
)
def test_a_block_that_is_not_its_header_s_is_not_written(
    tmp_path: Path, small_block: ArchivedBlock, change: dict[str, object], message: str
) -> None:
    with pytest.raises(ArchiveError, match=message):
        write_block(tmp_path, msgspec.structs.replace(small_block, **change))
    assert list(tmp_path.iterdir()) == []


def test_a_code_that_lacks_or_differs_is_not_written(tmp_path: Path, small_block: ArchivedBlock) -> None:
    state = small_block.pre_state
    assert state is not None
    for codes, message in (({}, "is missing"), (dict.fromkeys(state.codes, b"\x00"), "does not hash to")):
        broken = msgspec.structs.replace(small_block, pre_state=msgspec.structs.replace(state, codes=codes))
        with pytest.raises(ArchiveError, match=message):
            write_block(tmp_path, broken)


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, small_block: ArchivedBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_block(tmp_path, small_block)
    assert list(tmp_path.iterdir()) == []


def test_traces_join_the_block_that_is_there(tmp_path: Path, small_block: ArchivedBlock) -> None:
    traced = ArchivedBlock(
        chain_id=1,
        number=small_block.number,
        hash=small_block.hash,
        coinbase=small_block.coinbase,
        base_fee_wei=None,
        timestamp=None,
        receipts=[{"gas_used": 21_000}],
        traces=[{"type": "call"}],
    )
    write_block(tmp_path, small_block)
    both = joined(tmp_path, traced)
    assert both.executable
    assert (both.traces, both.receipts, both.base_fee_wei) == (traced.traces, traced.receipts, 7)
    other = msgspec.structs.replace(traced, hash="0x" + "77" * 32)
    with pytest.raises(ArchiveError, match="holds block"):
        joined(tmp_path, other)
