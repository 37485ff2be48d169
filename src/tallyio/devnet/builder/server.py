"""JSON-RPC over HTTP: single requests and batches, one clear error for whatever is malformed."""

import asyncio
from typing import Any

import msgspec
import structlog
from aiohttp import web

from tallyio.core.errors import OperatorError, OutOfReachError, TallyError
from tallyio.core.units import Address
from tallyio.core.untrusted import decode_json
from tallyio.devnet.builder.auth import authenticate
from tallyio.devnet.builder.builder import BlockBuilder
from tallyio.devnet.builder.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    PARSE_ERROR,
    REFUSED,
    RpcError,
)
from tallyio.devnet.builder.methods import Methods
from tallyio.execution.identity import HEADER

MAX_BODY = 2_000_000
MAX_BATCH = 100

log = structlog.get_logger()


class Server:
    """A builder's front door. ``url`` is known once ``start`` has returned."""

    def __init__(self, builder: BlockBuilder) -> None:
        self._methods = Methods(builder)
        self._builder = builder
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, on a free port for 0. Raises ``OperatorError`` when the port is in use."""
        await self._builder.start()
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError as e:
            await self.stop()
            raise OperatorError(
                f"port {port} on {host} is in use, expected a free one", todo="Choose another builder port"
            ) from e
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _response(_error(None, LIMIT_EXCEEDED, f"the body exceeds {MAX_BODY} bytes"), 413)
        try:
            parsed = decode_json(body)
        except ValueError:
            return _response(_error(None, PARSE_ERROR, "the body is not JSON, or too deep"), 400)
        header = request.headers.get(HEADER)
        if not isinstance(parsed, list):
            return _response(await self._one(parsed, header, body))
        if not 0 < len(parsed) <= MAX_BATCH:
            return _response(_error(None, INVALID_REQUEST, f"expected a batch of 1 to {MAX_BATCH} requests"), 400)
        answers = [await self._one(item, header, body) for item in parsed]
        return _response([answer for answer in answers if answer is not None])

    async def _one(self, item: Any, header: str | None, body: bytes) -> dict[str, Any] | None:
        """The answer to one request; None for a notification, which wants none."""
        if not isinstance(item, dict) or not isinstance(item.get("method"), str):
            return _error(None, INVALID_REQUEST, "expected an object with jsonrpc, id, method and params")
        request_id = item.get("id")
        if not isinstance(request_id, str | int | float | None) or isinstance(request_id, bool):
            return _error(None, INVALID_REQUEST, "id: expected a text, a number or null")
        try:
            if item.get("jsonrpc") != "2.0":
                raise RpcError(INVALID_REQUEST, 'jsonrpc: expected "2.0"')
            signer: Address | None = None
            if self._methods.needs_identity(item["method"]):
                signer = authenticate(header, body)
            result = await self._methods.dispatch(item["method"], item.get("params", []), signer)
        except RpcError as e:
            answer = _error(request_id, e.code, e.message)
        except OutOfReachError:
            answer = _error(request_id, INTERNAL_ERROR, "the builder's node does not answer")
        except TallyError as e:
            answer = _error(request_id, REFUSED, e.message)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("request failed", method=item["method"][:64])
            answer = _error(request_id, INTERNAL_ERROR, "internal error")
        else:
            answer = {"jsonrpc": "2.0", "id": request_id, "result": result}
        return answer if "id" in item else None


def _error(request_id: Any, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def _response(answer: Any, status: int = 200) -> web.Response:
    if not answer:
        return web.Response(status=204)
    return web.Response(body=msgspec.json.encode(answer), status=status, content_type="application/json")
