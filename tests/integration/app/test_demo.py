"""The main job, end to end, as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ASKED = (
    *("blocks", "opportunities", "submitted", "landed", "failed", "profit_wei", "gas_wei", "takeable_wei"),
    *("captured_ratio", "success_ratio", "ledger_difference_wei", "latency_us", "seed", "version"),
)


def demo(folder: Path, *options: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "tallyio", "demo", "--headless", "--json", "--dir", str(folder), *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(600)
def test_the_demo_accounts_for_every_wei_and_loses_nothing(tmp_path: Path) -> None:
    result = demo(tmp_path / "demo", "--blocks", "6", "--seed", "12")
    assert set(ASKED) <= result.keys()
    assert result["ledger_difference_wei"] == 0
    assert result["losing"] == 0
    assert result["landed"] > 0
    assert result["success_ratio"] >= 0.95
    assert Path(str(result["report"])).read_text().startswith("<!doctype html>")


@pytest.mark.nightly
@pytest.mark.timeout(3000)
def test_two_hundred_blocks_of_a_seed_nobody_chose(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(3))
    result = demo(tmp_path / "demo", "--blocks", "200", "--seed", str(seed))
    assert (result["ledger_difference_wei"], result["losing"]) == (0, 0), seed
    assert result["success_ratio"] >= 0.95, seed
    assert result["captured_ratio"] >= 0.95, seed
