"""Making, importing and showing the encrypted key."""

import getpass
import sys
from pathlib import Path
from typing import Any

from tallyio.app.chain_check import check_chain
from tallyio.chains import reads
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import OperatorError
from tallyio.wallet import keystore
from tallyio.wallet.passwords import read_password


def create(path: Path, password_file: str) -> dict[str, Any]:
    password = read_password(file=Path(password_file) if password_file else None, confirm=True)
    return {"address": keystore.create(path, password), "keystore": str(path)}


def import_key(path: Path, key_file: str, password_file: str) -> dict[str, Any]:
    """``key_file`` holds a hex key or a version 3 keystore; a keystore is re-encrypted under the new password."""
    text = _key_text(key_file)
    password = read_password(file=Path(password_file) if password_file else None, confirm=True)
    if text.lstrip().startswith("{"):
        if not sys.stdin.isatty():
            raise OperatorError("re-encrypting a keystore asks for its old password", todo="Run it in a terminal")
        old = getpass.getpass(f"Password of {key_file}: ")
        return {"address": keystore.import_keystore(path, Path(key_file), old, password), "keystore": str(path)}
    return {"address": keystore.import_key(path, text, password), "keystore": str(path)}


async def show(config: Path) -> dict[str, Any]:
    directory = ConfigDirectory.open(config)
    path = directory.resolve(directory.settings.wallet.keystore)
    owner = keystore.address_in(path)
    async with Rpc(directory.chain.http_url) as rpc:
        await check_chain(rpc, directory.chain)
        return {
            "address": owner,
            "keystore": str(path),
            "nonce": await reads.nonce(rpc, owner),
            "balance_wei": await reads.get_balance(rpc, owner),
        }


def _key_text(key_file: str) -> str:
    if not key_file:
        if not sys.stdin.isatty():
            raise OperatorError("no key was given", todo="Name a file with --key-file, or run in a terminal")
        return getpass.getpass("Private key (64 hex digits): ")
    try:
        return Path(key_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise OperatorError(f"{key_file}: the key file cannot be read: {e}", todo="Mend its path or mode") from None
