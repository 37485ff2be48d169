"""The ``[backtest]`` table: what it means, and one clear line about what is wrong in it."""

from pathlib import Path

import pytest

from tallyio.backtest.study.adapter import replay_settings
from tallyio.backtest.study.settings import BacktestFile, BacktestSettings, Parameters
from tallyio.config.loader import load
from tallyio.core.errors import ConfigError

WHOLE = """
[backtest]
seed = 7
model = "sampled"
train_bps = 6000
partitions = 8
inclusion_bps = 8500
seen_bps = 9000
priority_fee_wei = 5

[backtest.grid]
bid_share_bps = [9000, 5000]
min_profit_wei = [1000000000000000, 0]
max_hops = [3]

[backtest.rivals]
count = 3
alpha = 9.5

[backtest.limits]
min_profit_wei = 0
max_bid_share_bps = 9500
"""


def read(tmp_path: Path, text: str) -> BacktestSettings:
    path = tmp_path / "backtest.toml"
    path.write_text(text)
    return load(path, BacktestFile).backtest


def test_every_combination_is_a_set_in_ascending_order(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)
    assert found.grid.sets() == tuple(Parameters(bid, least, 3, 4) for bid in (5_000, 9_000) for least in (0, 10**15))
    used = replay_settings(found, found.grid.sets()[1])
    assert (used.limits.bid_share_bps, used.limits.min_profit_wei, used.limits.max_bid_share_bps) == (
        5_000,
        10**15,
        9_500,
    )
    assert (used.floor_wei, used.max_hops, used.keep, used.priority_fee_wei) == (10**15, 3, 4, 5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[backtest]", "[backtests]", ("backtest",)),
        ("seed = 7", "sed = 7", ("backtest.sed", "Did you mean 'seed'?")),
        ('"sampled"', '"real"', ("backtest.model", "'real'", "'none', 'recorded', 'sampled'")),
        ("partitions = 8", "partitions = 7", ("backtest.partitions", "found 7", "an even integer from 4 to 16")),
        ("train_bps = 6000", "train_bps = 10000", ("backtest.train_bps", "found 10000")),
        ("[9000, 5000]", "[]", ("backtest.grid.bid_share_bps", "at least one integer")),
        ("[9000, 5000]", "[9000, 9000]", ("bid_share_bps", "9000 twice")),
        ("[9000, 5000]", "[9600]", ("bid_share_bps", "found 9600", "9500")),
        ("max_hops = [3]", "max_hops = [5]", ("backtest.grid.max_hops", "found 5")),
        ("max_hops = [3]", f"keep = {list(range(1, 66))}", ("260 combinations", "at most 256")),
        ("alpha = 9.5", "alpha = 0.0", ("backtest.rivals.alpha", "found 0.0")),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, old: str, new: str, said: tuple[str, ...]) -> None:
    assert old in WHOLE
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, WHOLE.replace(old, new))
    assert "backtest.toml" in str(raised.value)
    assert "\n" not in str(raised.value)
    for text in said:
        assert text in str(raised.value)
