"""``tallyio run`` against a devnet that it did not start: what is sent and what is not, and what is told of it."""

import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tallyio.journal.log import FILE_NAME, JournalReader
from tallyio.wallet import keystore

BLOCKS = "8"


@pytest.fixture(scope="module")
def shadow(quiet_devnet: Any) -> Path:
    """A directory whose mode is shadow; its executor is on the chain."""
    found: Path = quiet_devnet.directory()
    file = found / "tallyio.toml"
    file.write_text(file.read_text().replace('mode = "live"', 'mode = "shadow"'))
    return found


@pytest.fixture(scope="module")
def live(quiet_devnet: Any) -> Path:
    found: Path = quiet_devnet.directory()
    return found


def owner(config: Path) -> str:
    return keystore.address_in(config / "wallet" / "keystore.json")


def records(config: Path, kind: str) -> list[Any]:
    with JournalReader.open(config / "data" / FILE_NAME) as journal:
        return [entry.record for entry in journal.read(kind)]


def test_shadow_sends_nothing_and_journals_what_it_would(shadow: Path, quiet_devnet: Any, commands: Any) -> None:
    before = len(quiet_devnet.sent_by(owner(shadow)))
    done = commands.run("run", "--config", shadow, "--headless", "--json", "--blocks", BLOCKS).json()
    assert done["mode"] == "shadow"
    assert done["landed"] == 0
    assert records(shadow, "Bundle")
    assert {s.status for s in records(shadow, "Submission")} == {"shadow"}
    assert len(quiet_devnet.sent_by(owner(shadow))) == before
    assert commands.run("ledger", "verify", "--config", shadow, "--json").json()["difference_wei"] == 0


def test_live_must_be_said_twice(shadow: Path, live: Path, quiet_devnet: Any, commands: Any) -> None:
    said_once = commands.run("run", "--config", shadow, "--live", "--headless")
    said_once.refused(4, "tallyio.toml", "'shadow'", "--live")
    before = len(quiet_devnet.sent_by(owner(live)))
    done = commands.run("run", "--config", live, "--headless", "--json", "--blocks", "4").json()
    assert done["mode"] == "shadow"
    assert len(quiet_devnet.sent_by(owner(live))) == before


@pytest.mark.nightly
def test_live_lands_trades_and_every_wei_is_told(live: Path, quiet_devnet: Any, commands: Any) -> None:
    before = len(quiet_devnet.sent_by(owner(live)))
    searcher = commands.start("run", "--config", live, "--live", "--headless", "--json", "--blocks", "14")
    searcher.wait_for("searcher ready")
    page = re.search(r"http://127\.0\.0\.1:\d+/metrics", searcher.log)
    assert page

    def latencies() -> dict[str, float]:
        with urllib.request.urlopen(page[0], timeout=5) as answer:  # noqa: S310 - our own page
            text = answer.read().decode()
        found = re.findall(r'^tallyio_\w*_seconds_count\{[^}]*stage="(\w+)"[^}]*\} ([\d.]+)', text, re.MULTILINE)
        return {stage: float(count) for stage, count in found if float(count)}

    searcher.wait_for(lambda: {"apply", "detect", "prove", "sign", "submit", "head_to_relay"} <= latencies().keys())
    second = commands.run("run", "--config", live, "--live", "--headless")
    second.refused(2, "in use by another searcher", str(searcher.process.pid))
    done = searcher.ended().json()

    assert done["mode"] == "live"
    assert done["landed"] > 0
    assert done["breaker"] == ""
    mined = [
        tx for tx in quiet_devnet.sent_by(owner(live))[before:] if int(tx["blockNumber"], 16) <= done["last_block"]
    ]
    assert len(mined) == done["landed"]
    landed = [outcome for outcome in records(live, "Outcome") if outcome.status == "landed"]
    assert {outcome.tx_hash for outcome in landed} == {tx["hash"] for tx in mined}
    assert done["profit_wei"] == sum(outcome.net_wei for outcome in landed) > 0

    proof = commands.run("ledger", "verify", "--config", live, "--json").json()
    assert (proof["difference_wei"], proof["missing"], proof["unfounded"]) == (0, [], [])
    health = commands.run("doctor", "--config", live, "--verify", "--json").json()
    assert health["ok"] is True
    assert "equal the chain" in health["mirror"]
    report = commands.run("report", "--config", live, "--missed", "--json").json()
    assert report["landed"] == done["landed"]
    assert report["ledger_difference_wei"] == 0
    assert report["takeable_wei"] > 0
    assert all(verdict["reason"] for verdict in report["missed"])
