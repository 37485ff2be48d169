"""Accounts of the devnet: keys derived from its seed, and the signatures of its actors.

These keys are public knowledge by construction. They are for a chain on this machine only; the searcher's own
money is signed for by the room ``wallet``.
"""

from functools import cache

import msgspec
import rlp  # type: ignore[import-untyped]

from tallyio.chains.addresses import address_of
from tallyio.chains.keccak import keccak256
from tallyio.chains.signed import hash_of
from tallyio.core.units import Address, Hash32
from tallyio.hot_path.signing.eip1559 import Transaction
from tallyio.hot_path.signing.key import Key
from tallyio.hot_path.signing.sign import sign as sign_1559

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
    return from_key(keccak256(f"tallyio devnet only/{seed}/{role}/{index}".encode()))


def from_key(key: bytes) -> Account:
    return Account(address_of(Key(key).public_key()), key)


@cache
def _signer(key: bytes) -> Key:
    return Key(key)


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
    tx = Transaction(chain_id, nonce, priority_fee_wei, max_fee_wei, gas, _target(to), value_wei, data)
    raw = sign_1559(tx, _signer(signer.key), keccak256)
    return raw, hash_of(raw)


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
    body = [nonce, gas_price_wei, gas, _target(to), value_wei, data]
    parity, r, s = _signer(signer.key).sign(keccak256(rlp.encode([*body, chain_id, 0, 0])))
    raw: bytes = rlp.encode([*body, chain_id * 2 + 35 + parity, int.from_bytes(r), int.from_bytes(s)])
    return raw, hash_of(raw)


def _target(to: Address | None) -> bytes:
    return bytes.fromhex(to[2:]) if to else b""
