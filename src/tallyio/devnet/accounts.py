"""Accounts of the devnet: keys derived from its seed, and the signatures of its actors.

These keys are public knowledge by construction. They are for a chain on this machine only; the searcher's own
money is signed for by the room ``wallet``.
"""

from functools import cache

import coincurve
import msgspec
import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from tallyio.core.units import Address, Hash32

PRIORITY_FEE_WEI = 10**9
MAX_FEE_WEI = 10**12


class Account(msgspec.Struct, frozen=True):
    """A devnet actor. ``key`` is its private key."""

    address: Address
    key: bytes

    def __repr__(self) -> str:
        return f"Account({self.address})"


@cache
def account(seed: int, role: str, index: int) -> Account:
    """The ``index``-th account of a role, the same for the same seed."""
    return from_key(keccak(text=f"tallyio devnet only/{seed}/{role}/{index}"))


def from_key(key: bytes) -> Account:
    public = coincurve.PrivateKey(key).public_key.format(compressed=False)
    return Account(Address("0x" + keccak(public[1:])[12:].hex()), key)


@cache
def _signer(key: bytes) -> coincurve.PrivateKey:
    return coincurve.PrivateKey(key)


def sign(
    signer: Account,
    chain_id: int,
    nonce: int,
    to: Address | None,
    data: bytes = b"",
    *,
    gas: int,
    value_wei: int = 0,
    priority_fee_wei: int = PRIORITY_FEE_WEI,
    max_fee_wei: int = MAX_FEE_WEI,
) -> tuple[bytes, Hash32]:
    """A signed EIP-1559 transaction and its hash. ``to`` is ``None`` for a creation."""
    target = bytes.fromhex(to[2:]) if to else b""
    body = [chain_id, nonce, priority_fee_wei, max_fee_wei, gas, target, value_wei, data, []]
    signature = _signer(signer.key).sign_recoverable(keccak(b"\x02" + rlp.encode(body)), hasher=None)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    raw = b"\x02" + rlp.encode([*body, signature[64], r, s])
    return raw, Hash32("0x" + keccak(raw).hex())


def sign_legacy(
    signer: Account,
    chain_id: int,
    nonce: int,
    to: Address | None,
    data: bytes = b"",
    *,
    gas: int,
    value_wei: int = 0,
    gas_price_wei: int,
) -> tuple[bytes, Hash32]:
    """A signed transaction of the old type with replay protection (EIP-155), and its hash."""
    target = bytes.fromhex(to[2:]) if to else b""
    body = [nonce, gas_price_wei, gas, target, value_wei, data]
    signature = _signer(signer.key).sign_recoverable(keccak(rlp.encode([*body, chain_id, 0, 0])), hasher=None)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    raw: bytes = rlp.encode([*body, chain_id * 2 + 35 + signature[64], r, s])
    return raw, Hash32("0x" + keccak(raw).hex())


def created_by(creator: Address, nonce: int) -> Address:
    """The address of the contract that ``creator`` creates with ``nonce`` (CREATE)."""
    return Address("0x" + keccak(rlp.encode([bytes.fromhex(creator[2:]), nonce]))[12:].hex())


def created2_by(creator: Address, salt: bytes, init_code_hash: bytes) -> Address:
    """The address of a contract created with CREATE2 (EIP-1014)."""
    return Address("0x" + keccak(b"\xff" + bytes.fromhex(creator[2:]) + salt + init_code_hash)[12:].hex())
