"""The key that relays know a searcher by; it carries reputation, never money."""

import secrets
from pathlib import Path

from tallyio.core.errors import OperatorError
from tallyio.core.files import write_whole
from tallyio.wallet.keystore import CURVE_ORDER

FILE_NAME = "relay-identity"


def identity_key(data_dir: Path) -> bytes:
    """The 32-byte key in ``data_dir``; made on first use, whole or not at all, mode 0600."""
    path = data_dir / FILE_NAME
    if not path.exists():
        write_whole(path, (secrets.randbelow(CURVE_ORDER - 1) + 1).to_bytes(32).hex().encode())
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:  # its text is a secret, so the message does not show it
        key = b""
    if len(key) != 32 or not 0 < int.from_bytes(key) < CURVE_ORDER:
        raise OperatorError(
            f"{path}: found no key, expected 32 bytes in hex digits", todo="Remove it; the next start makes a new one"
        )
    return key
