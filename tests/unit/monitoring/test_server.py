import aiohttp
import pytest

from tallyio.core.errors import ConfigError
from tallyio.monitoring.metrics import Metrics
from tallyio.monitoring.server import Health, MonitoringServer


async def get(server: MonitoringServer, path: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.port}{path}") as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_metrics_are_prometheus_text():
    metrics = Metrics()
    metrics.latency("detect", 30_000)
    metrics.latency("detect", 2_000_000_000)
    metrics.opportunity("arbitrage")
    metrics.decision(True, "")
    metrics.decision(False, "profit below minimum")
    metrics.bundle("landed")
    metrics.block(17)
    metrics.reorg()
    metrics.reconnect()
    metrics.skipped("not decodable")
    metrics.ledger_difference(-1)
    metrics.breaker(True)
    async with MonitoringServer(metrics, Health(), 0) as server:
        status, kind, text = await get(server, "/metrics")
    assert (status, kind) == (200, "text/plain")
    for line in (
        'tallyio_stage_seconds_bucket{le="2.5e-05",stage="detect"} 0.0',
        'tallyio_stage_seconds_bucket{le="5e-05",stage="detect"} 1.0',
        'tallyio_stage_seconds_bucket{le="1.0",stage="detect"} 1.0',
        'tallyio_stage_seconds_bucket{le="+Inf",stage="detect"} 2.0',
        'tallyio_opportunities_total{strategy="arbitrage"} 1.0',
        'tallyio_decisions_total{reason="approved"} 1.0',
        'tallyio_decisions_total{reason="profit below minimum"} 1.0',
        'tallyio_bundles_total{status="landed"} 1.0',
        "tallyio_blocks_total 1.0",
        "tallyio_head_block 17.0",
        "tallyio_reorgs_total 1.0",
        "tallyio_feed_reconnects_total 1.0",
        'tallyio_skipped_logs_total{reason="not decodable"} 1.0',
        "tallyio_ledger_difference_wei -1.0",
        "tallyio_breaker_open 1.0",
    ):
        assert line in text.splitlines()


async def test_two_searchers_in_one_process_do_not_mix():
    first, second = Metrics(), Metrics()
    first.block(1)
    assert b"tallyio_blocks_total 1.0" in first.text()
    assert b"tallyio_blocks_total 0.0" in second.text()


async def test_gauges_are_refreshed_before_each_scrape():
    metrics = Metrics()
    async with MonitoringServer(metrics, Health(), 0, before=lambda: metrics.profit(5)) as server:
        assert "tallyio_profit_wei 5.0" in (await get(server, "/metrics"))[2]


async def test_health_says_ready_and_why_not():
    health = Health()
    async with MonitoringServer(Metrics(), health, 0) as server:
        assert (await get(server, "/health"))[::2] == (503, '{"live": true, "ready": false, "detail": "starting"}')
        health.set(True)
        assert (await get(server, "/health"))[0] == 200
        health.set(False, "breaker open")
        assert "breaker open" in (await get(server, "/health"))[2]


async def test_a_port_in_use_is_one_clear_line():
    async with MonitoringServer(Metrics(), Health(), 0) as server:
        other = MonitoringServer(Metrics(), Health(), server.port)
        with pytest.raises(ConfigError, match=rf"port {server.port} on 127.0.0.1 is in use"):
            await other.start()


@pytest.mark.parametrize("port", [-1, 70_000])
async def test_a_port_out_of_range_is_one_clear_line(port):
    with pytest.raises(ConfigError, match=f"found {port}, expected 0 to 65535"):
        await MonitoringServer(Metrics(), Health(), port).start()
