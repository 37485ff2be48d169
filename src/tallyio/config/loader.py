"""Reads one TOML file into a settings record, or says in one line which key of which file is wrong."""

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tallyio.core.errors import ConfigError

T = TypeVar("T")

_AT = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_ENVIRONMENT = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def load(path: Path, into: type[T]) -> T:
    """Decode ``path`` strictly into the msgspec record ``into``.

    ``${NAME}`` inside a string is replaced by that environment variable, so that keys inside URLs stay out of files;
    addresses are lower-cased. Raises ``ConfigError`` naming the file, the key, what was found and what was expected.
    """
    data = _read(path)
    try:
        return msgspec.convert(data, into, strict=True)
    except msgspec.ValidationError as e:
        raise _explain(path, data, into, str(e)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", todo="Create it; the README shows a whole directory") from None
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path}: cannot be read: {e}", todo="Mend its permissions or encoding (UTF-8)") from None
    try:
        return {key: _prepare(path, value) for key, value in tomllib.loads(text).items()}
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(f"{path}: not valid TOML: {e}", todo="Mend the syntax at that line") from None


def _prepare(path: Path, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _prepare(path, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_prepare(path, inner) for inner in value]
    if isinstance(value, str):
        if _ADDRESS.fullmatch(value):
            return value.lower()
        return _ENVIRONMENT.sub(lambda m: _environment(path, m.group(1)), value)
    return value


def _environment(path: Path, name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ConfigError(
            f"{path}: the environment variable {name} is not set", todo=f"Set {name} or write the value in the file"
        ) from None


def _explain(path: Path, data: dict[str, Any], into: type, message: str) -> ConfigError:
    at = _AT.search(message)
    where = at.group("path").lstrip(".") if at else ""
    reason = message[: at.start()] if at else message
    if unknown := _UNKNOWN.search(reason):
        name = unknown.group("name")
        known = sorted(_fields(into, where))
        close = difflib.get_close_matches(name, known, n=1)
        key = f"{where}.{name}" if where else name
        hint = f"Did you mean '{close[0]}'?" if close else f"Remove it; known keys here: {', '.join(known)}"
        return ConfigError(f"{path}: unknown key '{key}'", todo=hint)
    if missing := _MISSING.search(reason):
        key = f"{where}.{missing.group('name')}" if where else missing.group("name")
        return ConfigError(f"{path}: the key '{key}' is missing", todo="Add it")
    found = _lookup(data, where)
    expected = reason.replace("Expected ", "").split(", got")[0].replace("`", "")
    return ConfigError(f"{path}: key '{where}': found {found!r}, expected {expected}", todo="Correct the value")


def _steps(where: str) -> list[str]:
    return [step for step in re.split(r"[.\[\]]+", where) if step]


def _lookup(data: Any, where: str) -> Any:
    for step in _steps(where):
        data = data[int(step)] if isinstance(data, list) else data.get(step)
    return data


def _fields(into: Any, where: str) -> list[str]:
    """Names of the fields of the record that ``where`` points to inside ``into``."""
    info = msgspec.inspect.type_info(into)
    for step in _steps(where):
        while isinstance(info, msgspec.inspect.UnionType):
            info = next(t for t in info.types if not isinstance(t, msgspec.inspect.NoneType))
        if isinstance(info, msgspec.inspect.StructType):
            info = next(f.type for f in info.fields if f.encode_name == step)
        elif isinstance(info, msgspec.inspect.DictType):
            info = info.value_type
        elif isinstance(info, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
            info = info.item_type
    while isinstance(info, msgspec.inspect.UnionType):
        info = next(t for t in info.types if not isinstance(t, msgspec.inspect.NoneType))
    return [f.encode_name for f in info.fields] if isinstance(info, msgspec.inspect.StructType) else []
