"""Recorded answers of real contracts against the models: a sample here, every record in the nightly task."""

from pathlib import Path

import pytest

from tallyio.app.verify.recorded import Recorded, read
from tallyio.app.verify.replay import FAMILIES, Tally, replay

SAMPLE = 150


def recorded(family: str) -> tuple[Path, Recorded]:
    root = Path(__file__).parents[2]
    name = f"{family}.json.gz"
    folders = [root / "tests/data/golden", *(each / "shared/golden" for each in (root.parent, root.parent.parent))]
    for folder in folders:
        if (folder / name).exists():
            return folder / name, read(folder / name)
    pytest.skip(f"no file shared/golden/{name} beside the repository")


def tally(family: str, stride_to: int | None) -> Tally:
    path, found = recorded(family)
    step = max(1, len(found.records) // stride_to) if stride_to else 1
    result = Tally(family)
    replay(Recorded(family, found.records[::step]), result, path)
    return result


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_sample_of_recorded_answers_is_reproduced(family: str) -> None:
    result = tally(family, SAMPLE)
    assert result.differences == []
    assert result.missing == {}
    assert result.records == result.matched + result.refused
    assert result.matched
    assert result.refused


@pytest.mark.nightly
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_recorded_answer_is_reproduced(family: str) -> None:
    result = tally(family, None)
    assert (result.mismatched, result.not_modelled) == (0, 0)
    assert result.records == result.matched + result.refused
