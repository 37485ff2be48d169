"""A block as JSON-RPC tells it (``eth_getBlockByNumber`` with full transactions) into records."""

from typing import Any

from tallyio.archive.records import ArchiveError, Header, Withdrawal
from tallyio.chains.jsonrpc import data, quantity
from tallyio.chains.transactions import encode_signed
from tallyio.core.errors import ChainDataError, OutOfReachError
from tallyio.core.units import Address, Hash32

_UNKNOWN = {"blockAccessListHash": "amsterdam", "balHash": "amsterdam"}
"""Header fields of forks that cannot be hashed here, by the fork's name."""


def header(block: dict[str, Any]) -> Header:
    """Raises ``ArchiveError`` for a field that lacks or is garbled, or a header of a newer fork."""
    for field, fork in _UNKNOWN.items():
        if block.get(field) is not None:
            raise ArchiveError(f"block {block.get('number')} is of the fork {fork!r} (it has {field}), not known here")
    try:
        return Header(
            parent_hash=hash32(block["parentHash"]),
            uncles_hash=hash32(block["sha3Uncles"]),
            coinbase=account(block["miner"]),
            state_root=hash32(block["stateRoot"]),
            transactions_root=hash32(block["transactionsRoot"]),
            receipts_root=hash32(block["receiptsRoot"]),
            logs_bloom=data(block["logsBloom"]),
            difficulty=quantity(block["difficulty"]),
            number=quantity(block["number"]),
            gas_limit=quantity(block["gasLimit"]),
            gas_used=quantity(block["gasUsed"]),
            timestamp=quantity(block["timestamp"]),
            extra_data=data(block["extraData"]),
            mix_hash=hash32(block["mixHash"]),
            nonce=data(block["nonce"]),
            base_fee_wei=_maybe(block, "baseFeePerGas"),
            withdrawals_root=_maybe_hash(block, "withdrawalsRoot"),
            blob_gas_used=_maybe(block, "blobGasUsed"),
            excess_blob_gas=_maybe(block, "excessBlobGas"),
            parent_beacon_root=_maybe_hash(block, "parentBeaconBlockRoot"),
            requests_hash=_maybe_hash(block, "requestsHash"),
        )
    except (KeyError, OutOfReachError, ValueError) as error:
        raise ArchiveError(f"the block's JSON lacks or garbles a field: {error!s:.80}") from None


def transactions(block: dict[str, Any]) -> tuple[bytes, ...]:
    """Signed bytes in order. Raises ``ArchiveError`` for one that cannot be put together."""
    found = []
    for index, transaction in enumerate(block["transactions"]):
        try:
            found.append(encode_signed(transaction))
        except (ChainDataError, OutOfReachError, KeyError, TypeError, OverflowError, AttributeError) as error:
            raise ArchiveError(f"transaction {index} of the block cannot be encoded: {error!s:.100}") from None
    return tuple(found)


def withdrawals(block: dict[str, Any]) -> tuple[Withdrawal, ...] | None:
    if block.get("withdrawals") is None:
        return None
    return tuple(
        Withdrawal(
            quantity(each["index"]),
            quantity(each["validatorIndex"]),
            account(each["address"]),
            quantity(each["amount"]),
        )
        for each in block["withdrawals"]
    )


def account(value: Any) -> Address:
    return Address("0x" + _sized(value, 20).hex())


def hash32(value: Any) -> Hash32:
    return Hash32("0x" + _sized(value, 32).hex())


def _sized(value: Any, size: int) -> bytes:
    raw = data(value)
    if len(raw) != size:
        raise ValueError(f"found {len(raw)} bytes, expected {size}")
    return raw


def _maybe(block: dict[str, Any], field: str) -> int | None:
    return None if block.get(field) is None else quantity(block[field], field)


def _maybe_hash(block: dict[str, Any], field: str) -> Hash32 | None:
    return None if block.get(field) is None else hash32(block[field])
