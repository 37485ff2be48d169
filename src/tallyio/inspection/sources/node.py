"""Blocks of a node that tells headers and receipts and traces nothing, on any chain.

What the coin did inside transactions stays unknown (``native_seen`` is false); a transaction's own value is not told
by its receipt and is left out too.
"""

from collections.abc import Sequence

from tallyio.chains.blocks import Header
from tallyio.chains.reads import Receipt
from tallyio.core.units import Address
from tallyio.inspection.activity import BlockActivity, Transaction
from tallyio.inspection.reading import Event
from tallyio.inspection.sources.logs import read_transaction


def read(header: Header, receipts: Sequence[Receipt], native: Address) -> BlockActivity:
    """The activity of those transactions of a block whose ``receipts`` are given; ``native`` is the wrapped coin."""
    reserves: dict[Address, tuple[int, int]] = {}
    ordered = sorted(receipts, key=lambda receipt: receipt.tx_index)
    return BlockActivity(
        number=header.ref.number,
        proposer=header.coinbase,
        base_fee=header.base_fee_wei,
        native=native,
        native_seen=False,
        transactions=tuple(_transaction(receipt, native, reserves) for receipt in ordered),
    )


def _transaction(receipt: Receipt, native: Address, reserves: dict[Address, tuple[int, int]]) -> Transaction:
    return read_transaction(
        [Event(i, (i,), log.address, log.topics, log.data) for i, log in enumerate(receipt.logs)],
        (),
        native,
        reserves,
        hash_=receipt.tx_hash,
        index=receipt.tx_index,
        sender=receipt.sender,
        to=receipt.to,
        succeeded=receipt.success,
        gas_used=receipt.gas_used,
        effective_gas_price=receipt.effective_gas_price_wei,
    )
