"""Receipts as the chain hashes them: bloom filter and root (Yellow Paper section 4.3.1; EIP-658, EIP-2718)."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
import rlp  # type: ignore[import-untyped]

from tallyio.archive.trie import list_root
from tallyio.chains.keccak import keccak256
from tallyio.simulation.evm.state import EvmLog


class Receipt(msgspec.Struct, frozen=True):
    """``type`` of the transaction; ``cumulative_gas`` of the block up to and with it."""

    type: int
    success: bool
    cumulative_gas: int
    logs: tuple[EvmLog, ...]


@lru_cache(maxsize=1 << 14)
def _bits(entry: bytes) -> int:
    digest = keccak256(entry)
    return sum(1 << bit for bit in {int.from_bytes(digest[i : i + 2]) & 2047 for i in (0, 2, 4)})


def bloom_of(logs: Iterable[EvmLog]) -> int:
    bloom = 0
    for log in logs:
        bloom |= _bits(log.address.to_bytes(20))
        for topic in log.topics:
            bloom |= _bits(topic.to_bytes(32))
    return bloom


def receipts_root(receipts: Sequence[Receipt]) -> bytes:
    return list_root([_encoded(receipt) for receipt in receipts])


def _encoded(receipt: Receipt) -> bytes:
    logs = [[log.address.to_bytes(20), [topic.to_bytes(32) for topic in log.topics], log.data] for log in receipt.logs]
    fields = [int(receipt.success), receipt.cumulative_gas, bloom_of(receipt.logs).to_bytes(256), logs]
    prefix = bytes([receipt.type]) if receipt.type else b""
    return prefix + bytes(rlp.encode(fields))
