"""Calldata of view calls, and what contracts answer: words of 32 bytes."""

from tallyio.chains.keccak import keccak256
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address


def selector(signature: str) -> bytes:
    """Of ``name(type,type)``."""
    return keccak256(signature.encode())[:4]


def event(signature: str) -> str:
    """The first topic of ``Name(type,type)``."""
    return "0x" + keccak256(signature.encode()).hex()


def calldata(name: bytes, *arguments: int) -> bytes:
    """A selector and words; negative numbers in two's complement."""
    return name + b"".join((argument % (1 << 256)).to_bytes(32) for argument in arguments)


def answered(answer: bytes | None, count: int, target: Address) -> list[int]:
    """The first ``count`` unsigned words. Raises ``ChainDataError`` where the contract reverted or said less."""
    if answer is None or len(answer) < 32 * count:
        found = "a revert" if answer is None else f"{len(answer)} bytes"
        raise ChainDataError(f"expected {32 * count} bytes from {target}, found {found}")
    return [int.from_bytes(answer[i : i + 32]) for i in range(0, 32 * count, 32)]


def answered_list(answer: bytes | None, target: Address) -> list[int]:
    """The unsigned words of the one array that ``target`` answers."""
    start, *rest = answered(answer, 2, target)
    if start != 32 or rest[0] > len(answer or b"") // 32 - 2:
        raise ChainDataError(f"expected an array from {target}, found another shape")
    return answered(answer, 2 + rest[0], target)[2:]


def signed_word(word: int) -> int:
    return word - (1 << 256) if word >> 255 else word
