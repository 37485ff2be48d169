"""Calls and events of the market's contracts as bytes, from their Solidity signatures."""

import re
from functools import cache
from typing import NamedTuple

from tallyio.chains.keccak import keccak256
from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address, address

WORD = 32


class Field(NamedTuple):
    name: str
    type: str
    indexed: bool


class Event(NamedTuple):
    """``topic`` is the hash of its signature (0x-hex)."""

    name: str
    topic: str
    fields: tuple[Field, ...]


@cache
def keccak(text: str) -> bytes:
    return keccak256(text.encode())


def event(declaration: str) -> Event:
    """``event("Withdraw(address indexed reserve, uint256 amount)")``."""
    name, inside = declaration.rstrip(")").split("(")
    fields = []
    for part in inside.split(","):
        words = part.split()
        fields.append(Field(words[-1], words[0], "indexed" in words))
    return Event(name, "0x" + keccak(f"{name}({','.join(f.type for f in fields)})").hex(), tuple(fields))


def decode(shape: Event, log: Log) -> dict[str, int | str]:
    """The log's fields: addresses lower-case, numbers as ints (bool 0 or 1), ``bytes`` as hex; strings are left out.

    Raises ``ChainDataError`` when the log has another shape.
    """
    topics, data = iter(log.topics[1:]), log.data
    values: dict[str, int | str] = {}
    offset = 0
    try:
        for field in shape.fields:
            if field.indexed:
                word = bytes.fromhex(next(topics)[2:])
            else:
                word = data[offset : offset + WORD]
                offset += WORD
            if len(word) != WORD:
                raise ValueError(f"{field.name} is cut short")
            if field.type == "string":
                continue
            values[field.name] = _dynamic(data, word) if field.type == "bytes" else _static(field, word)
    except (ValueError, StopIteration) as e:
        raise ChainDataError(
            f"log {log.log_index} of transaction {log.tx_hash} at {log.address} is no {shape.name}: {e}"
        ) from None
    return values


def _static(field: Field, word: bytes) -> int | str:
    if field.type == "address":
        return address(word)
    number = int.from_bytes(word, signed=field.type.startswith("int"))
    bits = 8 if field.type == "bool" else int(re.sub(r"\D", "", field.type))
    if field.type != "int256" and number >> bits:
        raise ValueError(f"{field.name} does not fit {field.type}")
    return number


def _dynamic(data: bytes, word: bytes) -> str:
    at = int.from_bytes(word)
    length = int.from_bytes(data[at : at + WORD])
    body = data[at + WORD : at + WORD + length]
    if len(body) != length:
        raise ValueError("bytes are cut short")
    return body.hex()


def call(signature: str, *arguments: int | str) -> bytes:
    """Calldata; arguments are ints and addresses."""
    words = (int(a, 16) if isinstance(a, str) else a for a in arguments)
    return keccak(signature)[:4] + b"".join(w.to_bytes(WORD) for w in words)


def words(answer: bytes, count: int) -> list[int]:
    """The first ``count`` unsigned words of an answer. Raises ``ChainDataError`` when it is shorter."""
    if len(answer) < count * WORD:
        raise ChainDataError(f"expected an answer of {count} words, found {len(answer)} bytes")
    return [int.from_bytes(answer[i * WORD : (i + 1) * WORD]) for i in range(count)]


def word_address(word: int) -> Address:
    return Address(f"0x{word:040x}")
