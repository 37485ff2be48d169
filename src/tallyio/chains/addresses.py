"""Where an address comes from: a public key, or the creation of a contract."""

import rlp  # type: ignore[import-untyped]

from tallyio.chains.keccak import keccak256
from tallyio.core.units import Address, address


def address_of(point: bytes) -> Address:
    """The account of a public key, its uncompressed point of 64 bytes (yellow paper, appendix F)."""
    return address(keccak256(point)[12:])


def created_by(creator: Address, nonce: int) -> Address:
    """The contract that ``creator`` creates with ``nonce`` (CREATE; yellow paper, section 7)."""
    return address(keccak256(rlp.encode([bytes.fromhex(creator[2:]), nonce]))[12:])


def created2_by(creator: Address, salt: bytes, init_code_hash: bytes) -> Address:
    """The contract that ``creator`` creates with ``salt``, 32 bytes (CREATE2; EIP-1014)."""
    return address(keccak256(b"\xff" + bytes.fromhex(creator[2:]) + salt + init_code_hash)[12:])
