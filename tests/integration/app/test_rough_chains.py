"""A chain that takes blocks back, and rivals for every trade: the searcher follows, and loses no money.

The chain is frozen while the searcher still runs, so that both are at the same block when they are compared.
"""

import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallyio.journal.ledger_reader import LedgerReader
from tallyio.journal.log import FILE_NAME, JournalReader
from tallyio.journal.projections import open_bundles, outcomes

pytestmark = pytest.mark.nightly
"""Whole chains against the wall clock: too long, and too dependent on a quiet machine, for every run."""

LANDED, REVERTED, REORGED = "landed", "reverted", "reorged"


def ledger_head(config: Path) -> int:
    with JournalReader.open(config / "data" / FILE_NAME) as journal:
        head = LedgerReader(journal).head()
        return head.number if head else 0


def records(config: Path, kind: str) -> list[Any]:
    with JournalReader.open(config / "data" / FILE_NAME) as journal:
        return [entry.record for entry in journal.read(kind)]


def run(commands: Any, devnet: Any, config: Path, blocks: int, enough: Callable[[], bool]) -> dict[str, Any]:
    """The searcher from now on for at least ``blocks`` blocks and until ``enough``, ten times as many at most."""
    searcher = commands.start("run", "--config", config, "--live", "--headless", "--json")
    searcher.wait_for("searcher ready")
    first, slot_s = devnet.head, devnet.options.interval_ms / 1000
    searcher.wait_for(lambda: ledger_head(config) >= first + blocks and enough(), 10 * blocks * slot_s)
    devnet.freeze()
    time.sleep(1)  # a block may just have been under way
    searcher.wait_for(lambda: ledger_head(config) == devnet.head, 30)
    searcher.signal(signal.SIGTERM)
    found: dict[str, Any] = searcher.ended().json()
    return found


def judge(commands: Any, devnet: Any, config: Path) -> list[Any]:
    """Final outcomes, after the chain has been asked whether they are true and nothing is missing among them."""
    head = devnet.head
    with JournalReader.open(config / "data" / FILE_NAME) as journal:
        assert journal.problems() == []
        assert [b for b in open_bundles(journal) if b.target_block <= head] == []
        final = [o for o in outcomes(journal).values() if o.status in (LANDED, REVERTED)]
        assert list(journal.read("Diverged")) == []
    trades = [tx for tx in devnet.sent_by(devnet.owner(config)) if tx["to"]]
    assert len(final) == len(trades), "each mined transaction has one outcome"
    assert {o.tx_hash: o.block.hash for o in final} == {tx["hash"]: tx["blockHash"] for tx in trades}
    assert [o for o in final if o.status == LANDED and o.net_wei <= 0] == [], "nothing that landed lost money"
    proof = commands.run("ledger", "verify", "--config", config, "--json").json()
    assert (proof["difference_wei"], proof["missing"], proof["unfounded"]) == (0, [], [])
    assert proof["last_block"] == head
    health = commands.run("doctor", "--config", config, "--verify", "--json").json()
    assert "equal the chain" in health["mirror"]
    return final


@pytest.mark.parametrize("blocks", [12, pytest.param(200, marks=pytest.mark.timeout(3000))])
def test_reorganisations(start_devnet: Callable[..., Any], commands: Any, blocks: int) -> None:
    devnet = start_devnet(seed=23, interval_ms=900, reorg_every=4)
    config = devnet.directory()
    settled = devnet.head + 4  # the executor's own block may be taken back as well
    while devnet.head < settled:
        time.sleep(0.1)

    def enough() -> bool:
        told = {outcome.status for outcome in records(config, "Outcome")}
        return {LANDED, REORGED} <= told

    run(commands, devnet, config, blocks, enough)
    final = judge(commands, devnet, config)
    assert records(config, "LedgerRolledBack")
    taken_back = {o.tx_hash for o in records(config, "Outcome") if o.status == REORGED}
    assert taken_back
    lost = {o.tx_hash for o in final if o.status == REVERTED}
    assert lost <= taken_back, "only a transaction that a lost branch made public can fail on the chain"


@pytest.mark.parametrize("blocks", [12, pytest.param(200, marks=pytest.mark.timeout(3000))])
def test_rivals(start_devnet: Callable[..., Any], commands: Any, blocks: int) -> None:
    devnet = start_devnet(seed=29, interval_ms=1200, rivals=2)
    config = devnet.directory()

    def enough() -> bool:
        return Counter(o.status for o in records(config, "Outcome")).keys() >= {LANDED, "dropped"}

    done = run(commands, devnet, config, blocks, enough)
    final = judge(commands, devnet, config)
    assert done["breaker"] == ""
    assert [o for o in final if o.status == REVERTED] == [], "a lost race costs nothing"
    report = commands.run("report", "--config", config, "--json").json()
    assert report["rivals"]["landed"] > 0
    assert 0 < report["rivals_share"] < 1
    outbid = [lost for lost in report["missed"] if lost["reason"] == "outbid"]
    assert outbid, "bundles were dropped for those of rivals"
    assert all(lost["rival"]["paid_wei"] and lost["ours"]["stage"] == "sent" for lost in outbid)
    assert sum(row["count"] for row in report["not_taken"].values()) == len(report["missed"])
    assert sum(row["wei"] for row in report["not_taken"].values()) == sum(m["missing_wei"] for m in report["missed"])
    assert report["landed"] == len(final)
    assert report["profit_wei"] == sum(o.net_wei for o in final) > 0
