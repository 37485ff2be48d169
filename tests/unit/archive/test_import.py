"""Import of the two JSON formats, judged by the blocks' own hashes; and files that are none."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tallyio.archive.importing import import_files
from tallyio.archive.records import ArchiveError
from tallyio.archive.sources import Source, read_json
from tallyio.archive.store import blocks_in, read_block
from tallyio.chains.signed import decode_any

Shared = Callable[[str], Path]


def test_all_blocks_of_the_folders_are_imported(tmp_path: Path, shared_folder: Shared) -> None:
    blocks, traced = shared_folder("mainnet-blocks"), shared_folder("mev-inspect-py")
    result = import_files([blocks, traced], tmp_path)
    assert result.blocks == tuple(read_block(path).number for path in blocks_in(tmp_path))
    named = {int(path.name.split(".")[0]) for folder in (blocks, traced) for path in folder.glob("[0-9]*.json.gz")}
    assert set(result.blocks) == named
    for path in traced.glob("[0-9]*.json.gz"):
        content = json.loads(gzip.decompress(path.read_bytes()))
        held = read_block(tmp_path / f"{content['block_number']:010d}.parquet")
        assert (held.traces, held.receipts, held.executable) == (content["traces"], content["receipts"], False)


def test_every_transaction_has_its_hash_and_sender(shared_folder: Shared) -> None:
    kinds = set()
    for path in shared_folder("mainnet-blocks").glob("[0-9]*.json.gz"):
        content = json.loads(gzip.decompress(path.read_bytes()))
        if "block" not in content:
            continue
        block = Source().read(path)
        assert block is not None
        for told, raw in zip(content["block"]["transactions"], block.transactions, strict=True):
            found = decode_any(raw)
            assert (found.hash, found.sender, found.type) == (told["hash"], told["from"], int(told["type"], 16))
            kinds.add(found.type)
    assert kinds == {0, 2, 3}


def test_the_compiled_decoder_agrees(shared_folder: Shared) -> None:
    from tallyio.hot_path.transactions.decoded import Decoded, Decoder
    from tallyio.hot_path.transactions.sender import sender, transaction_hash

    decoder = Decoder()
    for path in shared_folder("mainnet-blocks").glob("*[0-9].json.gz"):
        block = Source().read(path)
        assert block is not None
        for raw in block.transactions:
            told, found = decode_any(raw), decoder.decode(raw)
            assert isinstance(found, Decoded), path.name
            who = sender(raw, found)
            assert who is not None
            assert ("0x" + transaction_hash(raw, found).hex(), "0x" + who.hex()) == (told.hash, told.sender)
            fees = (found.max_fee_wei, found.priority_fee_wei, found.gas_limit, found.nonce, found.value_wei)
            assert fees == (told.max_fee_wei, told.priority_fee_wei, told.gas_limit, told.nonce, told.value_wei)
            assert raw[found.data] == told.data


def test_a_bytecode_that_is_nowhere_is_named(tmp_path: Path, shared_folder: Shared) -> None:
    source = shared_folder("mainnet-blocks") / "15537393.json.gz"
    copy = tmp_path / source.name
    copy.write_bytes(source.read_bytes())
    with pytest.raises(ArchiveError, match=r"the bytecode 0x[0-9a-f]{64} of 0x[0-9a-f]{40} is missing"):
        import_files([copy], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_changed_transaction_is_found(tmp_path: Path, shared_folder: Shared) -> None:
    folder = shared_folder("mainnet-blocks")
    content = json.loads(gzip.decompress((folder / "15537393.json.gz").read_bytes()))
    content["block"]["transactions"][0]["nonce"] = "0x1"
    (tmp_path / "bytecodes.json.gz").write_bytes((folder / "bytecodes.json.gz").read_bytes())
    (tmp_path / "15537393.json").write_text(json.dumps(content))
    with pytest.raises(ArchiveError, match="the transactions' root is"):
        import_files([tmp_path], tmp_path / "out")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\x1f\x8b\x08", gzip.compress(b"[1", mtime=0)[:-4], gzip.compress(b"[1", mtime=0), b"\xff"]
)
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "1.json"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="cut off or corrupt"):
        read_json(path)


def test_a_named_file_without_a_block_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text("{}")
    with pytest.raises(ArchiveError, match="holds no block"):
        import_files([path], tmp_path / "out")
    with pytest.raises(ArchiveError, match="found no block"):
        import_files([tmp_path], tmp_path / "out")


@pytest.mark.parametrize("block", [{}, {"transactions": []}, {"hash": 3}, [], None, "x"])
def test_a_garbled_block_is_refused(tmp_path: Path, block: object) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps({"block": block, "pre_state": {}}))
    with pytest.raises(ArchiveError, match=r"1\.json"):
        import_files([path], tmp_path / "out")


def test_a_header_of_a_later_fork_is_refused_by_name(tmp_path: Path, shared_folder: Shared) -> None:
    content = json.loads(gzip.decompress((shared_folder("mainnet-blocks") / "15537393.json.gz").read_bytes()))
    content["block"]["blockAccessListHash"] = "0x" + "00" * 32
    (tmp_path / "1.json").write_text(json.dumps(content))
    with pytest.raises(ArchiveError, match="amsterdam"):
        import_files([tmp_path / "1.json"], tmp_path / "out")
