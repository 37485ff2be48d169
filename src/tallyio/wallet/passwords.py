"""Where a keystore's password comes from: a file, the environment, or a prompt; never the command line."""

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tallyio.core.errors import OperatorError


def read_password(
    *,
    file: Path | None = None,
    variable: str = "TALLYIO_PASSWORD",
    environment: Mapping[str, str] = os.environ,
    confirm: bool = False,
) -> str:
    """The password from ``file`` (its first line), else from ``variable``, else asked for on the terminal.

    ``confirm`` asks twice. Raises ``OperatorError`` when there is none, and names the ways to give one.
    """
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as e:
            raise OperatorError(
                f"{file}: the password file cannot be read: {e}", todo="Mend its path or mode"
            ) from None
        password = lines[0] if lines else ""
        if not password:
            raise OperatorError(f"{file}: the first line is empty, expected the password", todo="Write it there")
        return password
    if given := environment.get(variable):
        return given
    if not sys.stdin.isatty():
        raise OperatorError(
            "no password for the keystore was found",
            todo=f"Set {variable}, name a password file, or run in a terminal to be asked",
        )
    password = getpass.getpass("Password of the keystore: ")
    if confirm and getpass.getpass("Again: ") != password:
        raise OperatorError("the two passwords differ", todo="Try again")
    if not password:
        raise OperatorError("the password is empty, expected at least one character", todo="Try again")
    return password
