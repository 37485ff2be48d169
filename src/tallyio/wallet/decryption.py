"""Reading what a Web3 Secret Storage version 3 document encrypts (ethereum.org, "Web3 Secret Storage Definition").

The usual package for it computes pairings of another curve while it is imported, a second of every start.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from Crypto.Cipher import AES

from tallyio.chains.keccak import keccak256

MAX_MEMORY = (1 << 31) - 1
"""For scrypt, in bytes; the strongest files in use need 256 MiB."""


class WrongPasswordError(ValueError):
    """The document's checksum does not fit the password."""


def decrypt(document: Mapping[str, Any], password: bytes) -> bytes:
    """The secret in ``document``. Raises ``WrongPasswordError``; ``KeyError``, ``TypeError``, ``ValueError`` or
    ``NotImplementedError`` for a document that is not as the definition says.
    """
    sealed = document["crypto"] if "crypto" in document else document["Crypto"]
    if sealed["cipher"] != "aes-128-ctr":
        raise NotImplementedError(f"cipher {sealed['cipher']!r}")
    derived = _derive(sealed["kdf"], sealed["kdfparams"], password)
    if len(derived) < 32:
        raise ValueError(f"a derived key of {len(derived)} bytes, expected at least 32")
    ciphertext = _bytes(sealed["ciphertext"])
    if not hmac.compare_digest(keccak256(derived[16:32] + ciphertext), _bytes(sealed["mac"])):
        raise WrongPasswordError("the checksum does not fit the password")
    counter = int.from_bytes(_bytes(sealed["cipherparams"]["iv"]))  # some programs leave its leading zeros out
    return AES.new(derived[:16], AES.MODE_CTR, nonce=b"", initial_value=counter).decrypt(ciphertext)


def _derive(kdf: str, parameters: Mapping[str, Any], password: bytes) -> bytes:
    salt, length = _bytes(parameters["salt"]), parameters["dklen"]
    if kdf == "scrypt":
        n, r, p = parameters["n"], parameters["r"], parameters["p"]
        return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, dklen=length, maxmem=MAX_MEMORY)
    if kdf == "pbkdf2" and parameters["prf"] == "hmac-sha256":
        return hashlib.pbkdf2_hmac("sha256", password, salt, parameters["c"], length)
    raise NotImplementedError(f"key derivation {kdf!r}")


def _bytes(text: str) -> bytes:
    digits = text.removeprefix("0x")
    return bytes.fromhex("0" * (len(digits) % 2) + digits)
