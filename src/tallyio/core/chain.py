"""What is heard from a chain: the records that leave the room ``chains``."""

import msgspec

from tallyio.core.units import Address, Hash32


class BlockRef(msgspec.Struct, frozen=True):
    number: int
    hash: Hash32
    parent_hash: Hash32
    timestamp: int


class Log(msgspec.Struct, frozen=True):
    """One event log; ``topics`` are 0x-hex words, ``data`` raw bytes."""

    address: Address
    topics: tuple[str, ...]
    data: bytes
    block_number: int
    block_hash: Hash32
    tx_hash: Hash32
    tx_index: int
    log_index: int


class NewBlock(msgspec.Struct, frozen=True, tag=True):
    """A block of the canonical chain with all of its logs, in order; parents come before children."""

    block: BlockRef
    base_fee_wei: int
    gas_used: int
    gas_limit: int
    coinbase: Address
    logs: tuple[Log, ...]


class Rollback(msgspec.Struct, frozen=True, tag=True):
    """The chain left the blocks above ``to``; ``dropped`` lists them, newest first."""

    to: BlockRef
    dropped: tuple[BlockRef, ...]


class PendingTransaction(msgspec.Struct, frozen=True, tag=True):
    """A transaction seen in the public mempool. ``raw`` are its signed bytes, ready for a bundle."""

    hash: Hash32
    sender: Address
    to: Address | None
    nonce: int
    value_wei: int
    gas_limit: int
    max_fee_wei: int
    priority_fee_wei: int
    data: bytes
    raw: bytes


class FeedStatus(msgspec.Struct, frozen=True, tag=True):
    """The feed lost or regained its connection; ``detail`` says how, for the operator."""

    connected: bool
    detail: str


ChainEvent = NewBlock | Rollback | PendingTransaction | FeedStatus
