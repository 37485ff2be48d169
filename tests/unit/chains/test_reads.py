"""Receipts as nodes send them."""

from typing import Any

import pytest

from tallyio.chains.reads import receipt
from tallyio.core.errors import OutOfReachError

WORD, OTHER = "0x" + "0A" * 32, "0x" + "0b" * 32
FROM, TO = "0x" + "Cc" * 20, "0x" + "dd" * 20
RAW: dict[str, Any] = {
    "transactionHash": WORD,
    "transactionIndex": "0x2",
    "blockNumber": "0x10",
    "blockHash": OTHER,
    "from": FROM,
    "to": TO,
    "contractAddress": None,
    "status": "0x1",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x7",
    "logs": [],
}


def test_a_receipt() -> None:
    found = receipt(RAW)
    assert (found.tx_hash, found.block_hash) == (WORD.lower(), OTHER)
    assert (found.tx_index, found.block_number, found.gas_used, found.effective_gas_price_wei) == (2, 16, 21_000, 7)
    assert (found.sender, found.to, found.created, found.success) == (FROM.lower(), TO, None, True)
    assert found.l1_fee_wei == 0


def test_a_creation_that_failed_on_a_rollup() -> None:
    found = receipt(RAW | {"to": None, "contractAddress": TO, "status": "0x0", "l1Fee": "0x1f4"})
    assert (found.to, found.created, found.success, found.l1_fee_wei) == (None, TO, False, 500)


@pytest.mark.parametrize("field", sorted(set(RAW) - {"to", "contractAddress"}))
def test_a_field_that_is_missing_is_named(field: str) -> None:
    with pytest.raises(OutOfReachError, match=field):
        receipt({key: value for key, value in RAW.items() if key != field})
