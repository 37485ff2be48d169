"""Recorded answers of real contracts against the models: a sample here, every record in the nightly task."""

from pathlib import Path

import pytest

from tallyio.app.verify.recorded import Recorded, read
from tallyio.app.verify.replay import FAMILIES, Tally, replay

SAMPLE = 150
FILES = sorted({*FAMILIES, "liquidity_book_2_0", "liquidity_book_2_0_far"})


def recorded(name: str) -> tuple[Path, Recorded]:
    root = Path(__file__).parents[2]
    folders = [root / "tests/data/golden", *(each / "shared/golden" for each in (root.parent, root.parent.parent))]
    for folder in folders:
        if (path := folder / f"{name}.json.gz").exists():
            return path, read(path)
    pytest.skip(f"no file shared/golden/{name}.json.gz beside the repository")


def tally(name: str, stride_to: int | None) -> Tally:
    path, found = recorded(name)
    step = max(1, len(found.records) // stride_to) if stride_to else 1
    result = Tally(found.family)
    replay(Recorded(found.family, found.records[::step]), result, path)
    return result


@pytest.mark.parametrize("name", FILES)
def test_a_sample_of_recorded_answers_is_reproduced(name: str) -> None:
    result = tally(name, SAMPLE)
    assert result.differences == []
    assert result.missing == {}
    assert result.records == result.matched + result.refused
    assert result.matched
    assert result.refused


@pytest.mark.nightly
@pytest.mark.parametrize("name", FILES)
def test_every_recorded_answer_is_reproduced(name: str) -> None:
    result = tally(name, None)
    assert (result.mismatched, result.not_modelled) == (0, 0)
    assert result.records == result.matched + result.refused
