"""Says in one line which key of a settings file is wrong, what was found there and what was expected."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import inspect

from tallyio.core.errors import ConfigError

_AT = re.compile(r" - at (?P<of_key>`key` in )?`\$?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_ANY = "[...]"
_LONGEST = 60


def explain(path: Path, data: dict[str, Any], shown: dict[str, Any], into: type, message: str) -> ConfigError:
    """From msgspec's ``message`` about decoding ``data`` into ``into``.

    ``shown`` is ``data`` as it stands in the file: values from the environment are not in it, and keys inside URLs
    are cut off, so the line gives no secret away.
    """
    at = _AT.search(message)
    where = _narrow(data, into, message, at.group("path").lstrip(".")) if at else ""
    reason = message[: at.start()] if at else message
    if unknown := _UNKNOWN.search(reason):
        name = unknown.group("name")
        known = sorted(field.encode_name for field in _record(into, where))
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"Remove it; known keys here: {', '.join(known)}"
        return ConfigError(f"{path}: unknown key '{_joined(where, name)}'", todo=hint)
    if missing := _MISSING.search(reason):
        name = missing.group("name")
        field = next((f for f in _record(into, where) if f.encode_name == name), None)
        todo = f"Add it: expected {_expected(field.type)}" if field else "Add it"
        return ConfigError(f"{path}: the key '{_joined(where, name)}' is missing", todo=todo)
    if at and at.group("of_key"):
        bad = where.rpartition(".")[2]
        wanted = _type(into, where.rpartition(".")[0])
        expected = _expected(wanted.key_type) if isinstance(wanted, inspect.DictType) else "another key"
        return ConfigError(f"{path}: key '{where}': found {bad!r}, expected {expected}", todo="Correct the key")
    if not reason.startswith(("Expected", "Invalid")):
        return ConfigError(f"{path}: {f'{where}: ' if where else ''}{reason}", todo="Correct the file")
    found = _brief(_lookup(shown, where))
    return ConfigError(
        f"{path}: key '{where}': found {found}, expected {_expected(_type(into, where))}", todo="Correct the value"
    )


def _joined(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _steps(where: str) -> list[str]:
    return [step for step in re.split(r"[.\[\]]+", where) if step]


def _lookup(data: Any, where: str) -> Any:
    for step in _steps(where):
        data = data[int(step)] if isinstance(data, list) else data.get(step)
    return data


def _narrow(data: dict[str, Any], into: type, message: str, where: str) -> str:
    """``where`` with the very key of a table of free keys, which msgspec does not name."""
    table, found, rest = where.partition(_ANY)
    if not found and "`key` in" not in message:
        return where
    entries = _lookup(data, table)
    for key in entries if isinstance(entries, dict) else ():
        try:
            msgspec.convert(_with_only(data, _steps(table), key), into, strict=True)
        except msgspec.ValidationError as e:
            if str(e) == message:
                return f"{_joined(table, key)}{rest}"
    return table


def _with_only(data: Any, steps: list[str], key: str) -> Any:
    """A copy of ``data`` in which the table at ``steps`` holds nothing but ``key``."""
    if not steps:
        return {key: data[key]}
    if isinstance(data, list):
        return [_with_only(v, steps[1:], key) if i == int(steps[0]) else v for i, v in enumerate(data)]
    return {k: _with_only(v, steps[1:], key) if k == steps[0] else v for k, v in data.items()}


def _type(into: Any, where: str) -> inspect.Type:
    """What is expected at ``where`` inside the record ``into``."""
    info = _bare(inspect.type_info(into))
    for step in _steps(where):
        if isinstance(info, inspect.StructType):
            info = next((f.type for f in info.fields if f.encode_name == step), inspect.AnyType())
        elif isinstance(info, inspect.DictType):
            info = info.value_type
        elif isinstance(info, inspect.VarTupleType | inspect.ListType):
            info = info.item_type
        info = _bare(info)
    return info


def _bare(info: inspect.Type) -> inspect.Type:
    """Without the None of an optional value. What has a description keeps it."""
    if isinstance(info, inspect.UnionType):
        return next(t for t in info.types if not isinstance(t, inspect.NoneType))
    return info


def _record(into: Any, where: str) -> tuple[inspect.Field, ...]:
    info = _type(into, where)
    return info.fields if isinstance(info, inspect.StructType) else ()


def _expected(info: inspect.Type) -> str:
    match _bare(info):
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return str(schema["description"]) if schema and "description" in schema else _expected(inner)
        case inspect.LiteralType(values=values):
            return ("one of " if len(values) > 1 else "") + ", ".join(repr(v) for v in values)
        case inspect.IntType(ge=least, gt=above, le=most, lt=below):
            return " and ".join(["an integer", *_bounds(least, above, most, below)]).replace(" and ", " ", 1)
        case inspect.StrType():
            return "a text in quotes"
        case inspect.BoolType():
            return "true or false"
        case inspect.FloatType():
            return "a number"
        case inspect.StructType() | inspect.DictType():
            return "a table"
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return "an array of tables" if isinstance(_bare(item), inspect.StructType) else "an array"
    return "another value"


def _bounds(least: float | None, above: float | None, most: float | None, below: float | None) -> Iterator[str]:
    for sign, bound in ((">=", least), (">", above), ("<=", most), ("<", below)):
        if bound is not None:
            yield f"{sign} {int(bound)}"


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        value = _without_keys(value)
        return repr(value if len(value) <= _LONGEST else value[:_LONGEST] + "...")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_keys(text: str) -> str:
    """A URL shows its scheme, host and port: keys hide in the rest."""
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return text.partition("://")[0] + "://..."
    rest = parts.path.strip("/") or parts.query or parts.fragment
    return f"{parts.scheme}://{parts.hostname or ''}{port}{'/...' if rest else ''}"
