"""Revert data in words: ``Error(string)``, ``Panic(uint256)``, custom errors by their declaration."""

from collections.abc import Iterable

import msgspec

from tallyio.chains.keccak import keccak256

_ERROR = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
_PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "bad enum value",
    0x22: "bad storage encoding",
    0x31: "pop of an empty array",
    0x32: "index out of bounds",
    0x41: "too much memory",
    0x51: "call of an empty function pointer",
}
"""Solidity's panic codes (docs.soliditylang.org, "Panic via assert and Error via require")."""


class _Error(msgspec.Struct, frozen=True):
    """``arguments`` are (type, name); a name may be empty."""

    name: str
    arguments: tuple[tuple[str, str], ...]

    @property
    def selector(self) -> bytes:
        return keccak256(f"{self.name}({','.join(kind for kind, _ in self.arguments)})".encode())[:4]


class Errors:
    """Custom errors, given as ``"Unprofitable(int256 gained,uint256 required)"``; the names may be left out."""

    def __init__(self, declarations: Iterable[str] = ()) -> None:
        self._by_selector = {error.selector: error for error in map(_parsed, declarations)}

    def explain(self, data: bytes) -> str:
        """One line for a person; data that no known error explains comes back as hex. Never raises."""
        if not data:
            return "reverted without a reason"
        selector, body = data[:4], data[4:]
        if selector == _ERROR and (text := _string(body)) is not None:
            return text
        if selector == _PANIC and len(body) == 32:
            code = int.from_bytes(body, "big")
            return f"Panic({code:#04x}): {_PANICS.get(code, 'unknown panic')}"
        if selector in self._by_selector and (words := _words(self._by_selector[selector], body)) is not None:
            return words
        return "0x" + data.hex()


def _string(body: bytes) -> str | None:
    if len(body) < 64 or int.from_bytes(body[:32], "big") != 32:
        return None
    length = int.from_bytes(body[32:64], "big")
    if len(body) < 64 + length:
        return None
    return body[64 : 64 + length].decode("utf-8", "replace")


def _parsed(declaration: str) -> _Error:
    name, _, rest = declaration.partition("(")
    arguments = (each.strip().partition(" ") for each in rest.removesuffix(")").split(",") if each)
    return _Error(name, tuple((kind, named) for kind, _, named in arguments))


def _words(error: _Error, body: bytes) -> str | None:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError, ParseError

    try:
        values = decode([kind for kind, _ in error.arguments], body)
    except (DecodingError, ParseError, OverflowError, ValueError):
        return None
    shown = ("0x" + value.hex() if isinstance(value, bytes) else str(value) for value in values)
    labels = (f"{named}=" if named else "" for _, named in error.arguments)
    return f"{error.name}({', '.join(map(str.__add__, labels, shown))})"


explain = Errors().explain
