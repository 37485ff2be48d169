"""JSON-RPC to the devnet's own node: blocking, one connection, batches. Deployment and tests use it."""

import http.client
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tallyio.core.errors import OutOfReachError, TallyError

BATCH = 200


class RpcRefusedError(TallyError):
    """The node answered with an error."""


class NodeRpc:
    def __init__(self, url: str, timeout_s: float = 120.0) -> None:
        parts = urlsplit(url)
        self.url = url
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout_s)

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call. Raises ``RpcRefusedError`` for an error answer, ``OutOfReachError`` for none."""
        answer = self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return _result(method, answer)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of many calls, in order, sent ``BATCH`` at a time."""
        results: list[Any] = []
        for start in range(0, len(calls), BATCH):
            part = calls[start : start + BATCH]
            answers = self._post(
                [{"jsonrpc": "2.0", "id": i, "method": m, "params": p} for i, (m, p) in enumerate(part)]
            )
            answers.sort(key=lambda answer: answer["id"])
            results.extend(_result(m, answer) for (m, _), answer in zip(part, answers, strict=True))
        return results

    def close(self) -> None:
        self._connection.close()

    def _post(self, body: Any) -> Any:
        try:
            self._connection.request("POST", "/", msgspec.json.encode(body), {"Content-Type": "application/json"})
            return msgspec.json.decode(self._connection.getresponse().read())
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as e:
            self._connection.close()
            raise OutOfReachError(f"the devnet's node at {self.url} does not answer: {e}") from e


def _result(method: str, answer: dict[str, Any]) -> Any:
    if "error" in answer:
        error = answer["error"]
        raise RpcRefusedError(f"{method} answered {error.get('message')} {error.get('data') or ''}".rstrip())
    return answer["result"]
