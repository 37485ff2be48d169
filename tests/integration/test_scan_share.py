"""Scan beside an exhaustive search over every family on a devnet; what it found, run by the executor contract."""

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "scan_share.py"


@pytest.fixture(scope="module")
def measured() -> Any:
    spec = importlib.util.spec_from_file_location("scan_share", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda **terms: asyncio.run(module.measured(**terms))


def judge(result: Any) -> None:
    assert result.cycles > 5
    assert result.missed == 0
    assert result.share > 0.999
    assert result.executed > 5
    assert result.wrong == 0
    assert result.together > 1
    assert result.gain > 0
    assert result.unpaid == 0


@pytest.mark.timeout(240)
def test_scan_finds_what_there_is_and_the_chain_pays_it(measured: Any) -> None:
    judge(measured(seed=3, blocks=6, pools=8, hops=2))


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2])
def test_scan_finds_what_there_is_over_four_hops(measured: Any, seed: int) -> None:
    result = measured(seed=seed, blocks=12, pools=16, hops=4)
    judge(result)
    assert len(result.families) > 8
