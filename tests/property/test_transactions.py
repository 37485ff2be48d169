"""The compiled decoder against its twin, which is made of ``rlp`` and ``eth_abi``: sound and wounded inputs."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallyio.hot_path.check.transactions import COMPARISONS
from tallyio.hot_path.transactions.compare import difference
from tallyio.hot_path.transactions.decoded import Decoder


@pytest.fixture(scope="module")
def decoder():
    return Decoder()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200))
def test_any_bytes_are_judged_alike(decoder, raw):
    assert difference(decoder, raw) == ""


def test_both_agree_on_sound_and_wounded_transactions():
    (comparison,) = COMPARISONS
    done = comparison.run(3000, 21)
    assert (done.compared, done.mismatches, done.first) == (3000, 0, "")


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_both_agree_on_many():
    (comparison,) = COMPARISONS
    done = comparison.run(300_000, 22)
    assert (done.mismatches, done.first) == (0, "")
