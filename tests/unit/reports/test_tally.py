import io
import json

import msgspec
from msgspec.structs import replace
from rich.console import Console

from tallyio.journal.records import JointPlan
from tallyio.reports import table
from tallyio.reports.amounts import ether
from tallyio.reports.exhaustive import BlockTakeable
from tallyio.reports.missed import compare
from tallyio.reports.tally import RivalTally, tally
from tallyio.reports.why_lost import Loss

ETH = 10**18
GAS = 10**14
ASKED_FOR = {
    *("blocks", "opportunities", "submitted", "landed", "failed", "profit_wei", "gas_wei", "takeable_wei"),
    *("captured_ratio", "success_ratio", "ledger_difference_wei", "latency_us", "seed", "version"),
}


def of(run, **more):
    defaults = {"version": "1", "seed": 5, "blocks": 20, "ledger_difference_wei": 0, "latency_us": {}}
    return tally(run.records(), **{**defaults, **more})


def busy(run):
    """Three landed (one below its prediction), one dropped, one reverted, one refused by the gate."""
    for name, gross, predicted in (("a", 40 * ETH, 30 * ETH), ("b", ETH, ETH // 2), ("c", ETH, 2 * ETH)):
        run.see(name, 10, f"{name} q", "liquidation" if name == "a" else "arbitrage")
        run.land(name, 11, gross, bid=ETH // 10, predicted=predicted)
    for name, status in (("d", "dropped"), ("e", "reverted")):
        run.see(name, 12, f"{name} q")
        run.decide(name)
        run.send(name, f"x{name}")
        run.settle(name, f"x{name}", status, 13)
    run.see("f", 13, "f q")
    run.decide("f", "block gas budget")
    return run


def test_figures_of_a_busy_run(run, item):
    busy(run)
    comparison = compare([BlockTakeable(10, (item("a q", 40 * ETH - GAS), item("z y", ETH)))], run.records())
    found = of(run, comparison=comparison, latency_us={"decode": {"p50": 10.5, "p99": 99.0}})
    assert (found.opportunities, found.submitted, found.landed, found.failed) == (6, 5, 3, 2)
    assert found.profit_wei == 42 * ETH - 3 * (ETH // 10) - 4 * GAS
    assert (found.gas_wei, found.bid_wei, found.losing) == (4 * GAS, 3 * (ETH // 10), 1)
    assert found.success_ratio == 2 / 3
    assert found.takeable_wei == 41 * ETH - GAS
    assert found.outcomes == {"landed": 3, "dropped": 1, "reverted": 1}
    assert found.decisions == {"approved": 5, "block gas budget": 1}
    assert found.by_strategy["liquidation"].profit_wei == 40 * ETH - ETH // 10 - GAS
    assert found.by_strategy["arbitrage"].landed == 2
    assert sum(row.profit_wei for row in found.by_strategy.values()) == found.profit_wei + GAS
    assert found.not_taken == {"not found": Loss(1, ETH)}


def test_json_has_what_was_asked_for_and_exact_integers_beyond_64_bits(run):
    found = json.loads(json.dumps(msgspec.to_builtins(of(busy(run)))))
    assert set(found) >= ASKED_FOR
    assert found["profit_wei"] == 42 * ETH - 3 * (ETH // 10) - 4 * GAS > 2**64
    assert found["takeable_wei"] is None


def test_one_trade_in_two_bundles_counts_once(run):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH)
    run.send("a", "alone")
    run.settle("a", "alone", "dropped", 11)
    found = of(run)
    assert (found.submitted, found.landed, found.failed, found.profit_wei) == (1, 1, 0, ETH - GAS)


def test_a_rejected_bundle_was_not_submitted(run):
    run.see("a", 10, "p q")
    run.send("a", "b", "rejected")
    assert of(run).submitted == 0


def test_share_of_rivals(run):
    assert of(busy(run), rivals=RivalTally(1, ETH)).rivals_share == 0.25
    assert of(run).rivals_share is None


def test_an_empty_run_is_a_tally_too(run):
    found = of(run)
    assert (found.success_ratio, found.profit_wei, found.captured_ratio) == (1.0, 0, None)


def test_tables_show_the_figures(run, item):
    comparison = compare([BlockTakeable(10, (item("z y", ETH),))], busy(run).records())
    figures = {"simulate": {"p50": 4200.0, "p99": 12800.0}}
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(table.render(of(run, comparison=comparison, latency_us=figures, rivals=RivalTally(1, ETH))))
    text = console.export_text()
    for part in ("41.699600 ETH", "5 / 3 / 2", "66.67 %", "not found", "12,800", "liquidation", "25.00 %", "seed 5"):
        assert part in text


def test_ether_is_exact_and_never_hides_an_amount():
    assert ether(-1_234_567_890_000_000_000) == "-1.234567"
    assert ether(1) == "<0.000001"
    assert ether(0) == "0.000000"
    assert ether(1234 * ETH) == "1,234.000000"


def test_what_planning_together_gains_is_told(run):
    plans = JointPlan(11, ("a", "b"), 12, 9, 10, 7), JointPlan(12, ("c", "d", "e"), 6, 4, 5, None)
    records = replace(run.records(), joint=plans)
    result = tally(records, version="1", seed=5, blocks=2, ledger_difference_wei=0, latency_us={})
    assert msgspec.to_builtins(result.joint) == {
        "plans": 2, "trades": 5, "gain_over_single_wei": 5, "compared": 1, "gain_over_greedy_wei": 3,
    }  # fmt: skip
    screen = Console(file=io.StringIO(), width=100)
    screen.print(table.render(result))
    assert "5 trades in 2 blocks" in screen.file.getvalue()
    screen = Console(file=io.StringIO(), width=100)
    screen.print(table.render(of(run)))
    assert "planned together" not in screen.file.getvalue()
