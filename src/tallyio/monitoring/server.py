"""``/metrics`` for Prometheus and ``/health`` for supervisors, on loopback."""

import errno
from collections.abc import Callable
from typing import Self

from aiohttp import web

from tallyio.core.errors import ConfigError
from tallyio.monitoring.metrics import Metrics

LOOPBACK = "127.0.0.1"


class Health:
    """``live``: the process turns. ``ready``: it may trade; ``detail`` says why not."""

    def __init__(self) -> None:
        self.ready = False
        self.detail = "starting"

    def set(self, ready: bool, detail: str = "") -> None:
        self.ready, self.detail = ready, detail


class MonitoringServer:
    """``async with MonitoringServer(metrics, health, port)``; port 0 takes a free one, ``port`` then tells which."""

    def __init__(
        self, metrics: Metrics, health: Health, port: int, *, before: Callable[[], None] | None = None
    ) -> None:
        self._metrics, self._health, self.port, self._before = metrics, health, port, before
        app = web.Application()
        app.router.add_get("/metrics", self._serve_metrics)
        app.router.add_get("/health", self._serve_health)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)

    async def start(self) -> None:
        """Raises ``ConfigError`` when the port is taken or may not be used."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, LOOPBACK, self.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(_why(self.port, error), todo="Choose another metrics port, or 0 for any") from error
        except OverflowError as error:
            await self._runner.cleanup()
            raise ConfigError(f"metrics port: found {self.port}, expected 0 to 65535") from error
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve_metrics(self, _: web.Request) -> web.Response:
        if self._before is not None:
            self._before()
        return web.Response(body=self._metrics.text(), headers={"Content-Type": self._metrics.content_type})

    async def _serve_health(self, _: web.Request) -> web.Response:
        if self._before is not None:
            self._before()
        body = {"live": True, "ready": self._health.ready, "detail": self._health.detail}
        return web.json_response(body, status=200 if self._health.ready else 503)


def _why(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"metrics port {port} on {LOOPBACK} is in use by another process"
    return f"metrics port {port} on {LOOPBACK} cannot be opened: {error.strerror or error}"
