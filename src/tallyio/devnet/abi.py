"""Calldata from a signature and its arguments."""

from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.grammar import TupleType, parse

from tallyio.chains.keccak import keccak256


@cache
def _parsed(signature: str) -> tuple[bytes, tuple[str, ...]]:
    if signature.endswith("()"):
        return keccak256(signature.encode())[:4], ()
    types = parse(signature[signature.index("(") :])
    if not isinstance(types, TupleType):
        raise ValueError(f"expected a signature like name(type,type), found {signature}")
    return keccak256(signature.encode())[:4], tuple(t.to_type_str() for t in types.components)


def call(signature: str, *args: Any) -> bytes:
    """Calldata of ``signature``, for example ``call("transfer(address,uint256)", to, 1)``."""
    selector, types = _parsed(signature)
    return selector + encode(types, args)


def pack(types: str, *args: Any) -> bytes:
    """ABI encoding of ``args`` by ``types``, for example ``pack("(address,uint8)", a, 8)``."""
    return encode(_parsed("_" + types)[1], args)


def unpack(types: str, data: bytes) -> tuple[Any, ...]:
    """The values of ABI-encoded ``data``."""
    return tuple(decode(_parsed("_" + types)[1], data))


def topic(event: str) -> str:
    """The first topic of an event, for example ``topic("Transfer(address,address,uint256)")``."""
    return "0x" + keccak256(event.encode()).hex()
