import pytest

from tallyio.core.clock import seeded
from tallyio.monitoring.latency import LatencyCollector


@pytest.mark.parametrize("count", [1, 2, 99, 100, 101, 1000])
def test_percentiles_are_the_nearest_rank(count):
    values = list(range(1000, 1000 * count + 1, 1000))
    seeded(count, "shuffle").shuffle(values)
    collector = LatencyCollector()
    for ns in values:
        collector.record("detect", ns)
    found = collector.summary()["detect"]
    for name, share in (("p50", 50), ("p99", 99)):
        not_above = sum(ns <= found[name] * 1000 for ns in values)
        assert not_above * 100 >= share * count
        assert (not_above - 1) * 100 < share * count


def test_stages_keep_their_order():
    collector = LatencyCollector()
    for stage in ("decode", "apply", "decode"):
        collector.record(stage, 2_500)
    assert list(collector.summary()) == ["decode", "apply"]
    assert collector.summary()["apply"] == {"p50": 2.5, "p99": 2.5}
    assert (collector.count("decode"), collector.count("none")) == (2, 0)
    assert "none" not in collector.summary()
