"""A JSON-RPC client over HTTP for asyncio."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from typing import Any

import aiohttp

from tallyio.chains import jsonrpc
from tallyio.chains.jsonrpc import Call, RpcError
from tallyio.core.clock import seeded
from tallyio.core.errors import OutOfReachError

__all__ = ["Rpc", "RpcError"]


class Rpc:
    """One node behind one URL.

    Reads are asked again up to ``retries`` times with jittered, doubling pauses when the node is down, slow, or
    answers nonsense; anything that might act (sends, mining) is asked once. Every failure is an
    ``OutOfReachError``; a refusal by the node is its subclass ``RpcError``, which is never asked again. Messages
    show scheme, host and port of the URL and nothing else of it.
    """

    def __init__(
        self,
        url: str,
        timeout_s: float = 10.0,
        *,
        retries: int = 3,
        backoff_s: float = 0.1,
        batch_size: int = 200,
        jitter: random.Random | None = None,
    ) -> None:
        self._url = url
        self.where = jsonrpc.where(url)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._timeout_s = timeout_s
        self._retries = retries
        self._backoff_s = backoff_s
        self._batch_size = batch_size
        self._jitter = jitter or seeded(0, "chains.rpc")
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"Rpc({self.where})"

    async def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The result of one call, as plain JSON values."""
        [result] = await self._exchange([(method, params)], batch=False)
        if isinstance(result, RpcError):
            raise result
        return result

    async def batch(self, calls: Sequence[Call], *, keep_errors: bool = False) -> list[Any]:
        """Results in the order of ``calls``, sent in chunks of ``batch_size``.

        Raises the first ``RpcError``, or leaves each in its place when ``keep_errors``.
        """
        results: list[Any] = []
        for start in range(0, len(calls), self._batch_size):
            chunk = calls[start : start + self._batch_size]
            results += await self._exchange(chunk, batch=True)
        if not keep_errors:
            for result in results:
                if isinstance(result, RpcError):
                    raise result
        return results

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> "Rpc":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _exchange(self, calls: Sequence[Call], *, batch: bool) -> list[Any]:
        attempts = 1 + (self._retries if all(jsonrpc.is_read(method) for method, _ in calls) else 0)
        for attempt in range(attempts):
            try:
                return await self._once(calls, batch=batch)
            except RpcError:
                raise
            except OutOfReachError:
                if attempt + 1 == attempts:
                    raise
            await asyncio.sleep(self._backoff_s * 2**attempt * self._jitter.uniform(0.5, 1.5))
        raise AssertionError("unreachable")

    async def _once(self, calls: Sequence[Call], *, batch: bool) -> list[Any]:
        first_id = next(self._ids)
        for _ in calls[1:]:
            next(self._ids)
        body = await self._post(jsonrpc.encode(first_id, calls, batch=batch), calls)
        return jsonrpc.decode(body, first_id, calls, self.where)

    async def _post(self, request: bytes, calls: Sequence[Call]) -> bytes:
        # "from None" throughout: the causes carry the whole URL.
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"content-type": "application/json"})
        asked = f"{self.where} did not answer {calls[0][0]}"
        try:
            async with self._session.post(self._url, data=request, timeout=self._timeout) as response:
                body = await response.read()
                status = response.status
        except TimeoutError:
            raise OutOfReachError(
                f"{asked} within {self._timeout_s:g} s", todo="Check the node's load, or raise the timeout"
            ) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise OutOfReachError(
                f"{asked}: {type(error).__name__}", todo="Check that the node runs and that the URL is right"
            ) from None
        if status >= 400 and not body.lstrip().startswith((b"{", b"[")):
            raise OutOfReachError(
                f"{asked}: HTTP status {status}", todo="Check the URL's key and the provider's request limits"
            )
        if status in (429, 502, 503, 504):
            raise OutOfReachError(f"{asked}: HTTP status {status}", todo="Ask less often, or use another node")
        return body
