"""Words of calldata and events, by the contract ABI specification."""

from functools import cache

from tallyio.chains.keccak import keccak256
from tallyio.core.units import Address, address


@cache
def selector(signature: str) -> bytes:
    """The first four bytes of a call of ``signature``."""
    return keccak256(signature.encode())[:4]


@cache
def topic(signature: str) -> str:
    """The first topic of the event ``signature``, 0x-prefixed."""
    return "0x" + keccak256(signature.encode()).hex()


def word(data: bytes, index: int) -> int:
    """The unsigned word ``index`` of ``data``. Raises ``ValueError`` where the data ends before it."""
    part = data[32 * index : 32 * index + 32]
    if len(part) != 32:
        raise ValueError(f"expected a word at {index}, found {len(data)} bytes")
    return int.from_bytes(part, "big")


def signed(data: bytes, index: int) -> int:
    """The word ``index`` as a number in two's complement."""
    value = word(data, index)
    return value - 2**256 if value >> 255 else value


def account(data: bytes, index: int) -> Address:
    """The address in word ``index``. Raises ``ValueError`` where the word is none."""
    return as_account(word(data, index))


def as_account(value: int) -> Address:
    if value >> 160:
        raise ValueError("expected an address, found a longer word")
    return address(value.to_bytes(20, "big"))
