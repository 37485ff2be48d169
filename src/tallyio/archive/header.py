"""Hashing a header, and holding a block against its own header."""

import msgspec
import rlp  # type: ignore[import-untyped]

from tallyio.archive.records import ArchivedBlock, ArchiveError, Header, Withdrawal
from tallyio.archive.trie import list_root
from tallyio.chains.keccak import keccak256
from tallyio.core.units import Hash32


def header_hash(header: Header) -> Hash32:
    fields = [_encodable(value) for value in msgspec.structs.astuple(header) if value is not None]
    return Hash32("0x" + keccak256(bytes(rlp.encode(fields))).hex())


def withdrawals_root(withdrawals: tuple[Withdrawal, ...]) -> Hash32:
    encoded = [
        bytes(rlp.encode([each.index, each.validator, _encodable(each.address), each.amount_gwei]))
        for each in withdrawals
    ]
    return Hash32("0x" + list_root(encoded).hex())


def check_block(block: ArchivedBlock) -> None:
    """Raises ``ArchiveError`` unless header, transactions, withdrawals and codes are those of the block's hash."""
    if block.header is None:
        return
    header = block.header
    where = f"block {block.number}"
    if header_hash(header) != block.hash:
        raise ArchiveError(f"{where}: the header hashes to {header_hash(header)}, expected {block.hash}")
    root = "0x" + list_root(block.transactions).hex()
    if root != header.transactions_root:
        raise ArchiveError(f"{where}: the transactions' root is {root}, expected {header.transactions_root}")
    if header.withdrawals_root is not None:
        root = withdrawals_root(block.withdrawals or ())
        if root != header.withdrawals_root:
            raise ArchiveError(f"{where}: the withdrawals' root is {root}, expected {header.withdrawals_root}")
    if block.pre_state is None:
        return
    for code_hash, code in block.pre_state.codes.items():
        if "0x" + keccak256(code).hex() != code_hash:
            raise ArchiveError(f"{where}: a bytecode of {len(code)} bytes does not hash to {code_hash}")
    missing = {account.code_hash for account in block.pre_state.accounts.values()} - block.pre_state.codes.keys()
    missing.discard(NO_CODE)
    if missing:
        raise ArchiveError(f"{where}: the bytecode {min(missing)} of the pre-state is missing")


def _encodable(value: int | bytes | str) -> int | bytes:
    return bytes.fromhex(value[2:]) if isinstance(value, str) else value


NO_CODE = Hash32("0x" + keccak256(b"").hex())
