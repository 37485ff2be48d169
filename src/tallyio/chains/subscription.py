"""One WebSocket to a node that is opened again whenever it is lost (geth's ``eth_subscribe``)."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import aiohttp
import structlog

from tallyio.chains import jsonrpc
from tallyio.core.clock import seeded
from tallyio.core.untrusted import decode_json

_HEADS, _PENDING_FULL, _PENDING_HASHES = 1, 2, 3
_log = structlog.get_logger()


class Subscription:
    """Pushes heads and pending transactions into callbacks, and says when the connection comes and goes.

    ``on_pending`` receives a transaction object where the node sends whole transactions, else a hash. A silent
    peer is found by pings every ``heartbeat_s``. ``garbled`` counts messages that were no JSON-RPC.
    """

    def __init__(
        self,
        ws_url: str,
        *,
        on_head: Callable[[Any], None],
        on_pending: Callable[[Any], None] | None,
        on_status: Callable[[bool, str], None],
        heartbeat_s: float = 5.0,
        timeout_s: float = 5.0,
        backoff_s: float = 0.1,
        max_backoff_s: float = 5.0,
        jitter: random.Random | None = None,
    ) -> None:
        self._url = ws_url
        self.where = jsonrpc.where(ws_url)
        self._on_head = on_head
        self._on_pending = on_pending
        self._on_status = on_status
        self._heartbeat_s = heartbeat_s
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s
        self._max_backoff_s = max_backoff_s
        self._jitter = jitter or seeded(0, "chains.subscription")
        self.garbled = 0

    async def run(self) -> None:
        """Until cancelled."""
        pause = self._backoff_s
        async with aiohttp.ClientSession() as session:
            while True:
                self._subscribed: dict[str, int] = {}
                try:
                    reason = await self._session(session)
                except TimeoutError:
                    reason = f"no answer within {self._timeout_s:g} s"
                except (aiohttp.ClientError, OSError, ValueError) as error:
                    reason = type(error).__name__
                if self._subscribed:
                    pause = self._backoff_s
                self._on_status(False, f"lost {self.where}: {reason}; connecting again")
                await asyncio.sleep(pause * self._jitter.uniform(0.5, 1.5))
                pause = min(pause * 2, self._max_backoff_s)

    async def _session(self, session: aiohttp.ClientSession) -> str:
        async with asyncio.timeout(self._timeout_s):
            socket = await session.ws_connect(
                self._url,
                heartbeat=self._heartbeat_s,
                max_msg_size=1 << 26,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            )
        try:
            await self._subscribe(socket, _HEADS, "newHeads")
            if self._on_pending is not None:
                await self._subscribe(socket, _PENDING_FULL, "newPendingTransactions", True)
            async with asyncio.timeout(self._timeout_s):
                while not self._subscribed:
                    if (reason := await self._receive(socket)) is not None:
                        return reason
            self._on_status(True, f"connected to {self.where}")
            while (reason := await self._receive(socket)) is None:
                pass
            return reason
        finally:
            await socket.close()

    async def _subscribe(self, socket: aiohttp.ClientWebSocketResponse, request_id: int, *params: Any) -> None:
        await socket.send_bytes(jsonrpc.encode(request_id, [("eth_subscribe", params)], batch=False))

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> str | None:
        """Handle one message; the reason when the connection is over."""
        message = await socket.receive()
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            error = socket.exception()
            return type(error).__name__ if error else f"closed by the other side (code {socket.close_code})"
        try:
            body = decode_json(message.data)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self.garbled += 1
            return None
        if "id" in body:
            return await self._answered(socket, body)
        params = body.get("params")
        if not isinstance(params, dict) or (kind := self._subscribed.get(str(params.get("subscription")))) is None:
            self.garbled += 1
        elif kind == _HEADS:
            self._on_head(params.get("result"))
        elif self._on_pending is not None:
            self._on_pending(params.get("result"))
        return None

    async def _answered(self, socket: aiohttp.ClientWebSocketResponse, body: dict[str, Any]) -> str | None:
        request_id, result = body.get("id"), body.get("result")
        if isinstance(result, str) and request_id in (_HEADS, _PENDING_FULL, _PENDING_HASHES):
            self._subscribed[result] = request_id
        elif request_id == _PENDING_FULL:
            await self._subscribe(socket, _PENDING_HASHES, "newPendingTransactions")
        elif request_id == _HEADS:
            return f"the node refused to subscribe newHeads: {body.get('error')!r:.100}"
        else:
            _log.warning("no pending transactions from this node", node=self.where)
        return None
