"""An archived block as the rest of TallyIO sees it."""

from typing import Any

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address, Hash32


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """A block header, in the order in which it is hashed (Yellow Paper section 4.3; EIP-1559, 4895, 4844, 4788,
    7685). The later fields are None before their fork.
    """

    parent_hash: Hash32
    uncles_hash: Hash32
    coinbase: Address
    state_root: Hash32
    transactions_root: Hash32
    receipts_root: Hash32
    logs_bloom: bytes
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    extra_data: bytes
    mix_hash: Hash32
    nonce: bytes
    base_fee_wei: int | None = None
    withdrawals_root: Hash32 | None = None
    blob_gas_used: int | None = None
    excess_blob_gas: int | None = None
    parent_beacon_root: Hash32 | None = None
    requests_hash: Hash32 | None = None


class Withdrawal(msgspec.Struct, frozen=True):
    """EIP-4895; the amount in 10**9 wei."""

    index: int
    validator: int
    address: Address
    amount_gwei: int


class PreAccount(msgspec.Struct, frozen=True):
    """An account before the block. ``code_hash`` is that of no code for one without; ``slots`` are the slots that the
    block reads or writes, those that were zero included."""

    balance_wei: int
    nonce: int
    code_hash: Hash32
    slots: dict[int, int]


class PreState(msgspec.Struct, frozen=True):
    """All that the block's execution reads. An account that is not here did not exist; a slot of one that is here and
    not there is missing. ``codes`` by hash; ``block_hashes`` by number, as far as the block may ask for them."""

    accounts: dict[Address, PreAccount]
    codes: dict[Hash32, bytes]
    block_hashes: dict[int, Hash32]


class ArchivedBlock(msgspec.Struct, frozen=True, kw_only=True):
    """``header`` and ``pre_state`` are None in a block of which only traces and receipts are known; then ``number``,
    ``hash``, ``coinbase`` and ``base_fee_wei`` are what was told.

    ``transactions``: signed bytes, as the block has them. ``rules`` names the fork where it does not follow from the
    number (a chain other than 1). ``receipts`` and ``traces``: as the source gave them, plain JSON values.
    """

    chain_id: int
    number: int
    hash: Hash32
    coinbase: Address
    base_fee_wei: int | None
    timestamp: int | None
    rules: str = ""
    header: Header | None = None
    transactions: tuple[bytes, ...] = ()
    withdrawals: tuple[Withdrawal, ...] | None = None
    uncles: tuple[Hash32, ...] = ()
    pre_state: PreState | None = None
    receipts: list[dict[str, Any]] | None = None
    traces: list[dict[str, Any]] | None = None

    @property
    def executable(self) -> bool:
        return self.header is not None and self.pre_state is not None


class ArchiveError(ChainDataError):
    """A file that is not a whole archive, or a block that does not fit its own header."""
