"""``tallyio wallet``: the encrypted key. Passwords and keys come from a prompt, a file or the environment."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tallyio.cli.output import ConfigPath, Json, emit

PasswordFile = Annotated[
    str, Parameter(help="File whose first line is the password; else TALLYIO_PASSWORD or a prompt.")
]


def create(path: str, *, password_file: PasswordFile = "", json: Json = False) -> None:
    """Make a new key and write it, encrypted, to PATH."""
    from tallyio.app.wallet import create as make

    emit(make(Path(path), password_file), json)


def import_(
    path: str,
    *,
    key_file: Annotated[str, Parameter(help="File with the hex key or a version 3 keystore; else a prompt.")] = "",
    password_file: PasswordFile = "",
    json: Json = False,
) -> None:
    """Encrypt an existing key to PATH."""
    from tallyio.app.wallet import import_key

    emit(import_key(Path(path), key_file, password_file), json)


def show(*, config: ConfigPath, json: Json = False) -> None:
    """Show the address, its nonce and its balance on the configured chain."""
    import asyncio

    from tallyio.app.wallet import show as read

    emit(asyncio.run(read(Path(config))), json)
