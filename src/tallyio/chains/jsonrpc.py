"""JSON-RPC 2.0 on the wire: requests, answers, errors, and quantities (https://www.jsonrpc.org/specification)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tallyio.core.errors import OutOfReachError
from tallyio.core.untrusted import decode_json, decode_with

Call = tuple[str, Sequence[Any]]

_READS = (
    "eth_get",
    "eth_call",
    "eth_blockNumber",
    "eth_chainId",
    "eth_config",
    "eth_createAccessList",
    "eth_estimateGas",
    "eth_feeHistory",
    "eth_gasPrice",
    "eth_maxPriorityFeePerGas",
    "eth_simulateV1",
    "eth_syncing",
    "debug_trace",
    "net_version",
    "txpool_",
    "web3_clientVersion",
)
_SENDS = ("eth_callBundle",)


class RpcError(OutOfReachError):
    """The node understood the request and refused it.

    ``code`` and ``reason`` are the node's; ``data`` is its 0x-hex payload when it sent one: for a reverted
    ``eth_call`` or ``eth_estimateGas`` that is what the contract reverted with.
    """

    def __init__(self, method: str, code: int, reason: str, data: str | None, where: str) -> None:
        super().__init__(f"{method} at {where} was refused: {reason} (code {code})")
        self.method = method
        self.code = code
        self.reason = reason
        self.data = data


class _ErrorObject(msgspec.Struct):
    code: int
    message: str = ""
    data: Any = None


class _Answer(msgspec.Struct):
    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _ErrorObject | None = None


_decoder = msgspec.json.Decoder(list[_Answer] | _Answer)


def where(url: str) -> str:
    """Scheme, host and port of ``url``: all of it that a message may show, since keys hide in the rest."""
    parts = urlsplit(url)
    host = parts.hostname or "?"
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def is_read(method: str) -> bool:
    """True for methods that change nothing, so that asking again is harmless."""
    return method.startswith(_READS) and method not in _SENDS


def encode(first_id: int, calls: Sequence[Call], *, batch: bool) -> bytes:
    """The body of a request; ids count up from ``first_id`` in the order of ``calls``."""
    requests = [
        {"jsonrpc": "2.0", "id": first_id + i, "method": method, "params": list(params)}
        for i, (method, params) in enumerate(calls)
    ]
    return msgspec.json.encode(requests if batch else requests[0])


def decode(body: bytes, first_id: int, calls: Sequence[Call], at: str) -> list[Any]:
    """Results in the order of ``calls``; an ``RpcError`` stands where the node refused.

    Raises ``OutOfReachError`` when the body is not an answer to exactly these calls.
    """
    try:
        answers = decode_with(_decoder, body)
    except ValueError:
        raise nonsense(at, calls, f"{body[:60]!r}") from None
    if isinstance(answers, _Answer):
        if len(calls) > 1 and answers.error is not None:
            raise _refused(calls[0][0], answers.error, at)
        answers = [answers]
    by_id = {answer.id: answer for answer in answers}
    if len(answers) == 1 and len(calls) == 1 and answers[0].id is None and answers[0].error is not None:
        by_id[first_id] = answers[0]
    return [_result(by_id.get(first_id + i), call, calls, at) for i, call in enumerate(calls)]


def _result(answer: _Answer | None, call: Call, calls: Sequence[Call], at: str) -> Any:
    if answer is None:
        raise nonsense(at, calls, "no answer with the id of the request")
    if answer.error is not None:
        return _refused(call[0], answer.error, at)
    if not bytes(answer.result):
        raise nonsense(at, calls, "an answer with neither result nor error")
    try:
        return decode_json(bytes(answer.result))
    except ValueError:
        raise nonsense(at, calls, "a result that is not JSON") from None


def _refused(method: str, error: _ErrorObject, at: str) -> RpcError:
    data = error.data.get("data") if isinstance(error.data, dict) else error.data
    return RpcError(method, error.code, error.message, data if isinstance(data, str) else None, at)


def nonsense(at: str, calls: Sequence[Call], found: str) -> OutOfReachError:
    return OutOfReachError(
        f"{at} answered {calls[0][0]} with nonsense: found {found}, expected a JSON-RPC answer",
        todo="Check that the URL is that of a node's JSON-RPC endpoint",
    )


def quantity(value: Any, field: str = "number") -> int:
    """A 0x-hex quantity as an int. Raises ``OutOfReachError`` naming ``field`` for anything else."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return int(value, 16)
        except ValueError:
            pass
    raise OutOfReachError(f"the node sent {value!r:.60} as {field}, expected a 0x-hex number")


def data(value: Any, field: str = "data") -> bytes:
    """0x-hex data as bytes. Raises ``OutOfReachError`` naming ``field`` for anything else."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            pass
    raise OutOfReachError(f"the node sent {value!r:.60} as {field}, expected 0x-hex data")
