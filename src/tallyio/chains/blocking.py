"""The same JSON-RPC over HTTP for worker threads, where there is no event loop."""

import http.client
import itertools
import ssl
from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from tallyio.chains import jsonrpc
from tallyio.chains.jsonrpc import Call, RpcError
from tallyio.core.errors import OutOfReachError


class BlockingRpc:
    """One keep-alive connection. Not for use by two threads at once; errors as in ``chains.rpc``.

    Reads are asked once more on a fresh connection, because a kept one may have been closed by the node.
    """

    def __init__(self, url: str, timeout_s: float = 5.0, *, batch_size: int = 500) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OutOfReachError(f"cannot ask {jsonrpc.where(url)}: expected an http or https URL")
        self.where = jsonrpc.where(url)
        self._https = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"content-type": "application/json"}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["authorization"] = "Basic " + b64encode(pair.encode()).decode()
        self._timeout_s = timeout_s
        self._batch_size = batch_size
        self._ids = itertools.count(1)
        self._connection: http.client.HTTPConnection | None = None

    def __repr__(self) -> str:
        return f"BlockingRpc({self.where})"

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        [result] = self._exchange([(method, params)], batch=False)
        if isinstance(result, RpcError):
            raise result
        return result

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Results in the order of ``calls``; raises the first ``RpcError``."""
        results: list[Any] = []
        for start in range(0, len(calls), self._batch_size):
            results += self._exchange(calls[start : start + self._batch_size], batch=True)
        for result in results:
            if isinstance(result, RpcError):
                raise result
        return results

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, calls: Sequence[Call], *, batch: bool) -> list[Any]:
        first_id = next(self._ids)
        for _ in calls[1:]:
            next(self._ids)
        request = jsonrpc.encode(first_id, calls, batch=batch)
        attempts = 2 if all(jsonrpc.is_read(method) for method, _ in calls) else 1
        for attempt in range(attempts):
            try:
                body = self._post(request)
                break
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if attempt + 1 == attempts:
                    raise OutOfReachError(
                        f"{self.where} did not answer {calls[0][0]}: {type(error).__name__}",
                        todo="Check that the node runs and that the URL is right",
                    ) from None
        return jsonrpc.decode(body, first_id, calls, self.where)

    def _post(self, request: bytes) -> bytes:
        if self._connection is None:
            self._connection = (
                http.client.HTTPSConnection(
                    self._host, self._port, timeout=self._timeout_s, context=ssl.create_default_context()
                )
                if self._https
                else http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
            )
        self._connection.request("POST", self._path, body=request, headers=self._headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status >= 400 and not body.lstrip().startswith((b"{", b"[")):
            raise http.client.HTTPException(f"HTTP status {response.status}")
        return body
