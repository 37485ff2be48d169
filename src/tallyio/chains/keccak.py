"""Keccak-256, the hash of Ethereum (the padding before NIST's SHA-3)."""

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()
