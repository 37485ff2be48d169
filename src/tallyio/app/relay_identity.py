"""The key that relays know a searcher by; it carries reputation, never money."""

import os
import secrets
import tempfile
from pathlib import Path

from tallyio.core.errors import OperatorError
from tallyio.wallet.keystore import CURVE_ORDER

FILE_NAME = "relay-identity"


def identity_key(data_dir: Path) -> bytes:
    """The 32-byte key in ``data_dir``; made on first use, whole or not at all, mode 0600."""
    path = data_dir / FILE_NAME
    if not path.exists():
        _make(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:  # its text is a secret, so the message does not show it
        key = b""
    if len(key) != 32 or not 0 < int.from_bytes(key) < CURVE_ORDER:
        raise OperatorError(
            f"{path}: found no key, expected 32 bytes in hex digits", todo="Remove it; the next start makes a new one"
        )
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 by nature
    try:
        with os.fdopen(fd, "wb") as file:
            file.write((secrets.randbelow(CURVE_ORDER - 1) + 1).to_bytes(32).hex().encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
