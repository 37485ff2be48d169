"""Files that are no block: one clear error each, exit code 2."""

import gzip
from pathlib import Path

import pytest

from tallyio.cli.main import run
from tallyio.core.errors import OperatorError
from tallyio.inspection.sources.files import read_block

HASH = "0x" + "ab" * 32
TRACES = b'{"block_number": 5, "miner": "%s", "base_fee_per_gas": 0, "traces": [%s], "receipts": []}'
ORPHAN = b'{"type": "call", "block_number": 5, "transaction_hash": "0x1", "trace_address": [3]}'
OTHER_BLOCK = b'{"type": "call", "block_number": 6, "transaction_hash": "0x1", "trace_address": []}'
MINER = b"0x" + b"11" * 20
OTHER_CHAIN = b"""{"pre_state": {}, "block": {"number": "0x1", "miner": "%s", "transactions": [
    {"hash": "0xabab", "chainId": "0x89"}]}}"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b'{"traces": []}' * 50, mtime=0)[:40], "cut short"),
        (b"{", "no JSON"),
        (b"[1]", "unknown format"),
        (b'{"blocks": 1}', "unknown format"),
        (TRACES % (MINER, ORPHAN), "not a whole block"),
        (TRACES % (MINER, OTHER_BLOCK), "block 6"),
        (TRACES % (b"0x12", b""), "address"),
    ],
)
def test_a_file_that_is_no_block_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "5.json"
    path.write_bytes(content)
    with pytest.raises(OperatorError, match=said):
        read_block(path)
    assert run(["inspect", str(path)]) == 2


def test_a_block_of_another_chain_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_bytes(OTHER_CHAIN % MINER)
    (tmp_path / "1.expected.json").write_bytes(b'[{"tx": "0xabab", "logs": []}]')
    with pytest.raises(OperatorError, match=r"chain \[137\]"):
        read_block(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="not there"):
        read_block(tmp_path / "7.json")
