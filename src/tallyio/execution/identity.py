"""The identity of a searcher at Ethereum's relays: the header ``X-Flashbots-Signature``.

The header is ``<address>:<signature>``, the EIP-191 personal signature of the 0x-hex Keccak hash of the exact body
(Flashbots' RPC documentation). Any key does: it carries reputation, never money.
"""

from collections.abc import Callable

import coincurve

from tallyio.chains.addresses import address_of
from tallyio.chains.keccak import keccak256
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address, address

HEADER = "X-Flashbots-Signature"

Authenticator = Callable[[bytes], str]
"""From a request's exact body to the header's value."""


class IdentityKey:
    """An ``Authenticator`` over a key in memory. The key never shows in a repr."""

    __slots__ = ("_key", "address")

    def __init__(self, key: bytes) -> None:
        self._key = coincurve.PrivateKey(key)
        self.address = address_of(_point(self._key.public_key))

    def __call__(self, body: bytes) -> str:
        signature = bytearray(self._key.sign_recoverable(_digest(body), hasher=None))
        signature[64] += 27
        return f"{self.address}:0x{signature.hex()}"

    def __repr__(self) -> str:
        return f"IdentityKey({self.address})"


def recover(header: str, body: bytes) -> Address:
    """The address that signed ``body``. Raises ``ChainDataError`` when the header is malformed or names another."""
    claimed, separator, text = header.partition(":")
    try:
        if not separator:
            raise ValueError("no colon")
        who = address(claimed)
        signature = bytearray.fromhex(text.removeprefix("0x"))
        if len(signature) != 65 or signature[64] not in (0, 1, 27, 28):
            raise ValueError("expected 65 bytes ending in a recovery id")
    except ValueError as e:
        raise ChainDataError(f"malformed {HEADER}, expected <address>:<signature>: {e}") from e
    signature[64] %= 27
    try:
        public = coincurve.PublicKey.from_signature_and_message(bytes(signature), _digest(body), hasher=None)
    except Exception as e:  # coincurve raises bare Exception for a signature that recovers to nothing
        raise ChainDataError(f"{HEADER} holds no valid signature") from e
    if address_of(_point(public)) != who:
        raise ChainDataError(f"{HEADER} was not signed by {who} over this body")
    return who


def _point(public: coincurve.PublicKey) -> bytes:
    return public.format(compressed=False)[1:]


def _digest(body: bytes) -> bytes:
    return keccak256(b"\x19Ethereum Signed Message:\n66" + b"0x" + keccak256(body).hex().encode())
