"""The detector beside plain Python on random worlds."""

import pytest

from tallyio.hot_path.check.detector import COMPARISONS


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda each: each.name)
def test_detector_is_its_twin(comparison) -> None:  # type: ignore[no-untyped-def]
    found = comparison.run(1000, 3)
    assert (found.compared, found.mismatches) == (1000, 0), found.first


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
def test_many_worlds(seed: int) -> None:
    for comparison in COMPARISONS:
        found = comparison.run(5000, seed)
        assert found.mismatches == 0, found.first
