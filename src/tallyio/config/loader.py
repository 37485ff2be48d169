"""Reads one TOML file into a settings record, or says in one line which key of which file is wrong."""

import os
import re
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tallyio.config.mistakes import explain
from tallyio.core.errors import ConfigError

T = TypeVar("T")

_ENVIRONMENT = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def load(path: Path, into: type[T]) -> T:
    """Decode ``path`` strictly into the msgspec record ``into``.

    ``${NAME}`` inside a string is replaced by that environment variable, so that keys inside URLs stay out of files;
    addresses are lower-cased. Raises ``ConfigError`` naming the file, the key, what was found and what was expected.
    """
    written = _read(path)
    data = _prepare(written, partial(_expand, path))
    try:
        return msgspec.convert(data, into, strict=True)
    except msgspec.ValidationError as e:
        raise explain(path, data, _prepare(written, str), into, str(e)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", todo="Create it; the README shows a whole directory") from None
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path}: cannot be read: {e}", todo="Mend its permissions or encoding (UTF-8)") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(f"{path}: not valid TOML: {e}", todo="Mend the syntax at that line") from None


def _prepare(value: Any, expand: Callable[[str], str]) -> Any:
    """Addresses in lower case, also where they are keys; other texts through ``expand``."""
    if isinstance(value, dict):
        return {_prepare(key, str): _prepare(inner, expand) for key, inner in value.items()}
    if isinstance(value, list):
        return [_prepare(inner, expand) for inner in value]
    if isinstance(value, str):
        return value.lower() if _ADDRESS.fullmatch(value) else expand(value)
    return value


def _expand(path: Path, text: str) -> str:
    return _ENVIRONMENT.sub(lambda m: _environment(path, m.group(1)), text)


def _environment(path: Path, name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ConfigError(
            f"{path}: the environment variable {name} is not set", todo=f"Set {name} or write the value in the file"
        ) from None
