"""The operator's stop, and the polite one: how a running searcher ends."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tallyio.journal.log import FILE_NAME, JournalReader

STOP_NS = 10**9


@pytest.fixture(scope="module")
def config(quiet_devnet: Any) -> Path:
    found: Path = quiet_devnet.directory()
    return found


def submissions(config: Path) -> int:
    with JournalReader.open(config / "data" / FILE_NAME) as journal:
        return sum(1 for _ in journal.read("Submission"))


def last_submission_ns(config: Path) -> int:
    with JournalReader.open(config / "data" / FILE_NAME) as journal:
        return max(entry.at_ns for entry in journal.read("Submission"))


def test_kill_stops_it_within_a_second_and_it_stays_stopped(config: Path, commands: Any) -> None:
    run = ("run", "--config", config, "--live", "--headless")
    searcher = commands.start(*run)
    searcher.wait_for("searcher ready")
    searcher.wait_for(lambda: submissions(config))  # in the middle of its work
    killed = commands.run("kill", "--config", config, "--reason", "looks odd", "--json")
    halted_ns = time.time_ns()
    assert killed.json()["halted"] is True
    searcher.ended(60).refused(4, "looks odd", "tallyio resume")
    assert last_submission_ns(config) < halted_ns + STOP_NS

    sent = submissions(config)
    commands.run(*run).refused(4, "looks odd", "tallyio resume")
    assert commands.run("doctor", "--config", config, "--json").code == 1
    assert submissions(config) == sent

    assert commands.run("resume", "--config", config, "--json").json()["was_halted"] is True
    again = commands.run(*run, "--blocks", "6", "--json").json()
    assert again["submitted"] > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(config: Path, commands: Any, number: signal.Signals) -> None:
    searcher = commands.start("run", "--config", config, "--live", "--headless", "--json")
    searcher.wait_for("searcher ready")
    time.sleep(1.5)
    searcher.signal(number)
    done = searcher.ended(60)
    assert done.errors == []
    assert done.json()["mode"] == "live"


def test_kill_before_it_is_ready(config: Path, commands: Any) -> None:
    searcher = commands.start("run", "--config", config, "--live", "--headless")
    assert commands.run("kill", "--config", config).code == 0
    searcher.ended(20).refused(4, "tallyio resume")
    assert commands.run("resume", "--config", config).code == 0
