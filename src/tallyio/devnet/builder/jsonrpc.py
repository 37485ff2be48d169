"""JSON-RPC 2.0: error codes, and reading parameters with clear refusals."""

from typing import Any

from tallyio.core.errors import TallyError
from tallyio.core.units import Hash32

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
REFUSED, UNAUTHORIZED, LIMIT_EXCEEDED = -32000, -32001, -32005
MAX_QUANTITY = 2**64


class RpcError(TallyError):
    """Becomes the ``error`` of an answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def parameter_object(params: Any, known: frozenset[str]) -> dict[str, Any]:
    """The one object in ``params``. Keys outside ``known`` are refused, so that a misspelt key is never ignored."""
    if not isinstance(params, list) or len(params) != 1 or not isinstance(params[0], dict):
        raise RpcError(INVALID_PARAMS, "expected params to be a list of one object")
    if unknown := sorted(set(params[0]) - known):
        raise RpcError(INVALID_PARAMS, f"unknown key {unknown[0][:64]!r}, expected some of {', '.join(sorted(known))}")
    return params[0]


def quantity(value: Any, name: str) -> int:
    """A hex quantity or a plain integer, 0 <= value < 2**64."""
    try:
        found = int(value, 16) if isinstance(value, str) and value.startswith("0x") and len(value) <= 18 else value
    except ValueError:
        found = None
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < MAX_QUANTITY:
        raise RpcError(INVALID_PARAMS, f"{name}: expected a hex quantity, found {_short(value)}")
    return found


def hex_bytes(value: Any, name: str) -> bytes:
    try:
        if not isinstance(value, str) or not value.startswith("0x"):
            raise ValueError
        return bytes.fromhex(value[2:])
    except ValueError as e:
        raise RpcError(INVALID_PARAMS, f"{name}: expected 0x-hex bytes, found {_short(value)}") from e


def hash32(value: Any, name: str) -> Hash32:
    raw = hex_bytes(value, name)
    if len(raw) != 32:
        raise RpcError(INVALID_PARAMS, f"{name}: expected 32 bytes, found {len(raw)}")
    return Hash32("0x" + raw.hex())


def hex_list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise RpcError(INVALID_PARAMS, f"{name}: expected a list, found {_short(value)}")
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
