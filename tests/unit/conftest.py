"""A small block of our own making whose header fits, for tests that shall run without real ones."""

import pytest
import rlp

from tallyio.archive.header import NO_CODE, header_hash, withdrawals_root
from tallyio.archive.records import ArchivedBlock, Header, PreAccount, PreState, Withdrawal
from tallyio.archive.trie import list_root
from tallyio.chains.keccak import keccak256
from tallyio.core.units import Address, Hash32

A, B = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)
CODE = bytes.fromhex("6001600055")


@pytest.fixture
def small_block() -> ArchivedBlock:
    raw = bytes(rlp.encode([0, 1, 21_000, b"\xbb" * 20, 1, b"", 27, 1, 1]))
    withdrawals = (Withdrawal(1, 2, A, 3),)
    header = Header(
        parent_hash=Hash32("0x" + "01" * 32),
        uncles_hash=Hash32("0x" + "02" * 32),
        coinbase=A,
        state_root=Hash32("0x" + "03" * 32),
        transactions_root=Hash32("0x" + list_root([raw]).hex()),
        receipts_root=Hash32("0x" + "04" * 32),
        logs_bloom=bytes(256),
        difficulty=0,
        number=17_100_000,
        gas_limit=30_000_000,
        gas_used=21_000,
        timestamp=1_682_131_000,
        extra_data=b"x",
        mix_hash=Hash32("0x" + "05" * 32),
        nonce=bytes(8),
        base_fee_wei=7,
        withdrawals_root=withdrawals_root(withdrawals),
    )
    code_hash = Hash32("0x" + keccak256(CODE).hex())
    accounts = {
        A: PreAccount(2**200, 2**63, NO_CODE, {}),
        B: PreAccount(0, 1, code_hash, {0: 0, 2**256 - 1: 2**256 - 1}),
    }
    return ArchivedBlock(
        chain_id=1,
        number=header.number,
        hash=header_hash(header),
        coinbase=A,
        base_fee_wei=7,
        timestamp=header.timestamp,
        header=header,
        transactions=(raw,),
        withdrawals=withdrawals,
        pre_state=PreState(accounts, {code_hash: CODE}, {17_099_999: header.parent_hash}),
        receipts=[{"status": "0x1"}],
    )
