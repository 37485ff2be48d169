"""Encrypted keys on disk: Web3 Secret Storage, version 3 (ethereum.org/developers/docs/data-structures-and-encoding).

scrypt with 256 MiB at rest by default, as geth writes it; files of other programs are read whatever they chose.
"""

import json
import secrets
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tallyio.chains.addresses import address_of
from tallyio.core.errors import OperatorError
from tallyio.core.files import write_whole
from tallyio.core.units import Address, address
from tallyio.hot_path.signing.key import Key
from tallyio.wallet.decryption import WrongPasswordError, decrypt
from tallyio.wallet.policy import Policy
from tallyio.wallet.signer import KeystoreSigner

STANDARD_WORK = 262_144
LIGHT_WORK = 4_096
"""scrypt's n. The light one is for throw-away keys of a local chain."""
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def create(path: Path, password: str, *, work: int = STANDARD_WORK) -> Address:
    """Make a new key from the system's randomness, write it encrypted to ``path``, and return its address."""
    return store(path, (secrets.randbelow(CURVE_ORDER - 1) + 1).to_bytes(32), password, work=work)


def import_key(path: Path, text: str, password: str, *, work: int = STANDARD_WORK) -> Address:
    """Write the key of ``text``, 64 hex digits with or without 0x, encrypted to ``path``."""
    digits = text.strip().removeprefix("0x")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise OperatorError(
            f"the private key has {len(digits)} characters, expected 64 hex digits", todo="Check that it is complete"
        )
    return store(path, key, password, work=work)


def import_keystore(
    path: Path, source: Path, source_password: str, password: str, *, work: int = STANDARD_WORK
) -> Address:
    """Re-encrypt another version 3 file under ``password`` into ``path``."""
    return store(path, load_key(source, source_password), password, work=work)


def store(path: Path, key: bytes, password: str, *, work: int = STANDARD_WORK) -> Address:
    """Encrypt ``key`` to ``path``, mode 0600, whole or not at all. Raises ``OperatorError`` if ``path`` exists."""
    if not 0 < int.from_bytes(key) < CURVE_ORDER:
        raise OperatorError("the private key is zero or beyond the curve's order", todo="Import another key")
    if not password:
        raise OperatorError("the password is empty, expected at least one character", todo="Give one")
    document = _keyfile().create_keyfile_json(key, password.encode(), kdf="scrypt", iterations=work)
    document["address"] = _address_of(key)[2:]
    _write_new(path, json.dumps(document, indent=2).encode() + b"\n")
    return _address_of(key)


def export(path: Path, password: str) -> str:
    """The private key as 0x-hex. Whoever sees it owns the money."""
    return "0x" + load_key(path, password).hex()


def address_in(path: Path) -> Address:
    """The address that the file states, without its password."""
    stated = _read(path).get("address")
    try:
        return address(str(stated))
    except ValueError:
        raise OperatorError(
            f"{path}: found address {stated!r}, expected 40 hex digits", todo="Import it again"
        ) from None


def load_key(path: Path, password: str) -> bytes:
    """The 32-byte key. Raises ``OperatorError`` for a wrong password or a file that is no version 3 keystore."""
    document = _read(path)
    try:
        key = decrypt(document, password.encode())
    except WrongPasswordError:
        raise OperatorError(f"{path}: wrong password", todo="Try again, or restore the right keystore") from None
    except ValueError as e:
        raise OperatorError(f"{path}: the keystore cannot be decrypted: {e}", todo="Restore it") from None
    except (KeyError, TypeError, AttributeError, NotImplementedError) as e:
        raise OperatorError(f"{path}: not a version 3 keystore ({type(e).__name__})", todo="Restore it") from None
    if document.get("address") and address_in(path) != _address_of(key):
        raise OperatorError(
            f"{path}: states {address_in(path)}, its key belongs to {_address_of(key)}", todo="Restore the keystore"
        )
    return key


def unlock(path: Path, password: str, policy: Policy) -> KeystoreSigner:
    """A signer for the key in ``path``."""
    return KeystoreSigner(load_key(path, password), policy)


def _keyfile() -> ModuleType:
    """The library, without what it does to the process: py_ecc raises the recursion limit far above what the stack
    holds, and deeply nested JSON of a stranger could then end the process.
    """
    limit = sys.getrecursionlimit()
    from eth_keyfile import keyfile

    sys.setrecursionlimit(limit)
    return keyfile


def _address_of(key: bytes) -> Address:
    return address_of(Key(key).public_key())


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise OperatorError(f"{path}: no such keystore", todo="Create one with `tallyio wallet create`") from None
    except (OSError, ValueError) as e:
        raise OperatorError(f"{path}: not a keystore: {e}", todo="Name a version 3 keystore file") from None
    if not isinstance(document, dict) or document.get("version") != 3:
        found = document.get("version") if isinstance(document, dict) else type(document).__name__
        raise OperatorError(f"{path}: found keystore version {found!r}, expected 3", todo="Convert it to version 3")
    return document


def _write_new(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content, replace=False)
    except FileExistsError:
        raise OperatorError(f"{path}: exists already", todo="Choose another path; keys are never overwritten") from None
