"""ECDSA on secp256k1 with the nonce of RFC 6979 and the low half of ``s`` (EIP-2), by libsecp256k1."""

from typing import Any, NoReturn

from coincurve import PrivateKey
from coincurve._libsecp256k1 import ffi, lib

from tallyio.core.errors import BugError, RefusedError

HASH_BYTES = 32


class Key:
    """A private key that signs hashes; it shows in no repr, error, pickle or copy. Not for two threads at once."""

    __slots__ = ("__compact", "__context", "__key", "__parity", "__secret", "__signature", "__view")

    def __init__(self, secret: bytes) -> None:
        """``secret`` is 32 bytes, 1 to the curve's order less 1; else ``RefusedError``, which does not show it."""
        try:
            self.__key = PrivateKey(bytes(secret))
        except Exception:  # the cause's text and frames could hold the key
            refused = True
        else:
            refused = False
        if refused or len(secret) != HASH_BYTES:
            raise RefusedError(
                "the private key is no secp256k1 key: expected 32 bytes, 1 to the curve's order less 1",
                todo="Give the key of an account",
            )
        self.__secret: Any = ffi.from_buffer(self.__key.secret)
        self.__context: Any = self.__key.context.ctx
        self.__signature: Any = ffi.new("secp256k1_ecdsa_recoverable_signature *")
        self.__compact: Any = ffi.new("unsigned char[64]")
        self.__view: Any = ffi.buffer(self.__compact)
        self.__parity: Any = ffi.new("int *")

    def public_key(self) -> bytes:
        """The uncompressed point without its prefix: 64 bytes."""
        return self.__key.public_key.format(compressed=False)[1:]

    def sign(self, hash_: bytes) -> tuple[int, bytes, bytes]:
        """The parity of the nonce's point and ``r`` and ``s``, 32 bytes each, of a 32-byte hash."""
        if len(hash_) != HASH_BYTES:
            raise BugError(f"a hash of {len(hash_)} bytes was to be signed, expected {HASH_BYTES}")
        null = ffi.NULL
        if not lib.secp256k1_ecdsa_sign_recoverable(self.__context, self.__signature, hash_, self.__secret, null, null):
            raise BugError("libsecp256k1 found no nonce for this hash")
        lib.secp256k1_ecdsa_recoverable_signature_serialize_compact(
            self.__context, self.__compact, self.__parity, self.__signature
        )
        both = self.__view[:]
        return self.__parity[0], both[:32], both[32:]

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise BugError("a key cannot be pickled or copied")
