import pytest

from tallyio.chains import blocks
from tallyio.core.errors import OutOfReachError

WORD = "0x" + "12" * 32
HEADER = {
    "number": "0x10",
    "hash": WORD,
    "parentHash": "0x" + "34" * 32,
    "timestamp": "0x65",
    "baseFeePerGas": "0x7",
    "gasUsed": "0x5208",
    "gasLimit": "0x1c9c380",
    "miner": "0x" + "AB" * 20,
    "logsBloom": "0x" + "00" * 256,
}
LOG = {
    "address": "0x" + "ab" * 20,
    "topics": [WORD],
    "data": "0x0102",
    "blockNumber": "0x10",
    "blockHash": WORD,
    "transactionHash": WORD,
    "transactionIndex": "0x0",
    "logIndex": "0x3",
}


def test_a_header_before_london_has_no_base_fee() -> None:
    without = {key: value for key, value in HEADER.items() if key != "baseFeePerGas"}
    assert blocks.header(without).base_fee_wei == 0
    found = blocks.header(HEADER)
    assert (found.ref.number, found.ref.timestamp, found.base_fee_wei, found.gas_used) == (16, 0x65, 7, 21000)
    assert found.coinbase == "0x" + "ab" * 20


@pytest.mark.parametrize("field", ["number", "hash", "parentHash", "timestamp", "gasUsed", "miner", "logsBloom"])
@pytest.mark.parametrize("value", [None, "0x", "pending", 7, "0x1234567"])
def test_a_broken_header_is_named(field: str, value: object) -> None:
    if field in ("number", "timestamp", "gasUsed") and value == "0x1234567":
        return  # a number like any other
    if field == "logsBloom" and value == "0x":
        return
    with pytest.raises(OutOfReachError):
        blocks.header(HEADER | {field: value})


def test_logs_that_a_reorg_removed_are_left_out() -> None:
    [kept] = blocks.logs([LOG, LOG | {"removed": True}])
    assert (kept.log_index, kept.data, kept.topics) == (3, b"\x01\x02", (WORD,))


@pytest.mark.parametrize("raw", [None, {}, [None], ["0x"], [{**LOG, "topics": None}], [{**LOG, "topics": ["0x12"]}]])
def test_broken_logs_are_out_of_reach(raw: object) -> None:
    with pytest.raises(OutOfReachError):
        blocks.logs(raw)
