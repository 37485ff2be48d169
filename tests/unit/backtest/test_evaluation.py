"""From blocks to a choice: parts, sums, bounds, warnings, and no look into the future."""

from typing import Any

import msgspec
import pytest

from tallyio.backtest.competition.contest import Fate
from tallyio.backtest.competition.sampled import Sampled
from tallyio.backtest.study.errors import errors_of
from tallyio.backtest.study.evaluation import evaluate, rivals_of
from tallyio.backtest.study.identity import Identity
from tallyio.backtest.study.losses import losses_of
from tallyio.backtest.study.page import page
from tallyio.backtest.study.records import BlockResult
from tallyio.backtest.study.settings import BacktestSettings, Grid, RivalSettings
from tallyio.backtest.study.summary import summary
from tallyio.backtest.study.tables import output_hash, rows_of, write
from tallyio.backtest.study.warnings import warnings
from tallyio.core.errors import ChainDataError
from tallyio.reports.why_lost import Why

TWO_SETS = Grid(bid_share_bps=(1_000, 5_000))


def settings(**change: Any) -> BacktestSettings:
    given: dict[str, Any] = {"grid": TWO_SETS, "inclusion_bps": 10_000, "partitions": 4}
    return BacktestSettings(**{**given, **change})


@pytest.fixture
def blocks(block, offer, taken) -> list[BlockResult]:
    """The rival pays 150: the first set bids 100 of it and loses, the second bids 400 and wins."""
    return [block(number, taken(paid=150), offers=((offer(bid=100),), (offer(bid=400),))) for number in range(100, 110)]


def test_sums_bounds_and_fates(blocks: list[BlockResult]) -> None:
    study = evaluate(blocks[::-1], settings())
    assert [each.number for each in study.blocks] == list(range(100, 110))
    assert study.training == 7
    assert study.choice.train_wei == (0, 7 * 500)
    assert study.choice.test_wei == (0, 3 * 500)
    assert study.chosen.bid_share_bps == 5_000
    assert study.choice.kept == 1
    assert study.profits == [[0, 500]] * 10
    assert study.bounds == [[800, 500]] * 10
    assert {fate: (loss.count, loss.wei) for fate, loss in study.fates(0).items()} == {Fate.OUTBID: (10, 8_000)}
    assert study.overfitting is not None
    assert study.overfitting.probability == 0


def test_reasons_follow_the_fates(blocks: list[BlockResult]) -> None:
    outbid = evaluate(blocks, settings())
    assert {each.why for each in losses_of(outbid, 0)} == {Why.OUTBID}
    late = evaluate(blocks, settings(seen_bps=0))
    assert {each.why for each in losses_of(late, 1)} == {Why.TOO_LATE}
    away = evaluate(blocks, settings(inclusion_bps=0))
    assert {fate: loss.count for fate, loss in away.fates(1).items()} == {Fate.NOT_INCLUDED: 10}
    assert len(losses_of(away, 1)) == 10
    assert losses_of(outbid, 1) == []
    errors = errors_of(outbid, 1).all
    assert errors.profit_wei is not None
    assert (errors.profit_wei.count, errors.profit_wei.worst) == (10, 0)


def test_what_drawn_bids_learn_is_of_training_blocks_alone(blocks: list[BlockResult], taken) -> None:
    chosen = settings(model="sampled", rivals=RivalSettings(least_samples=1))
    before = evaluate(blocks, chosen)
    later = [*blocks[:7], *(msgspec.structs.replace(each, taken=(taken(paid=999),)) for each in blocks[7:])]
    after = evaluate(later, chosen)
    assert isinstance(before.rivals, Sampled)
    assert before.assumptions == after.assumptions
    assert before.profits == after.profits
    greedy = [msgspec.structs.replace(each, taken=(taken(paid=990),)) for each in blocks[:7]]
    assert evaluate([*greedy, *blocks[7:]], chosen).profits == [[0, 0]] * 10


def test_too_few_payments_fall_back_and_say_so(blocks: list[BlockResult]) -> None:
    assert "only 7 payments" in rivals_of(settings(model="sampled"), blocks[:7]).assumptions()[0]


def test_reasons_to_distrust(blocks: list[BlockResult], block) -> None:
    refused = msgspec.structs.replace(block(90), refused="no pre-state")
    said = list(warnings(evaluate([refused, *blocks], settings())))
    assert said[0] == "1 blocks could not be replayed and are left out"
    assert "too few blocks to say anything about parameters: 10" in said[1]
    assert "won 10 times" in said[2]
    assert len(said) == 3
    alone = list(warnings(evaluate(blocks[:1], settings(grid=Grid(bid_share_bps=(5_000,))))))
    assert any("no test block" in each for each in alone)
    assert any("was not checked" in each for each in alone)
    empty = [msgspec.structs.replace(each, offers=((), ())) for each in blocks]
    assert any("earned the same in training" in each for each in warnings(evaluate(empty, settings())))
    with pytest.raises(ChainDataError, match="none of 1 blocks could be replayed; the first: no pre-state"):
        evaluate([refused], settings())


def test_the_result_hangs_on_nothing_but_the_blocks(blocks: list[BlockResult], tmp_path) -> None:
    hashes = set()
    for order, folder in ((blocks, tmp_path / "a"), (blocks[::-1], tmp_path / "b")):
        study = evaluate(order, settings())
        rows = rows_of(study)
        hashes.add(output_hash(rows))
        write(rows, folder)
        found = summary(study, settings(), Identity("a", "b", "c"), output_hash(rows))
        (folder / "page.html").write_text(page(study, found))
    assert len(hashes) == 1
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    changed = [msgspec.structs.replace(blocks[0], transactions=1), *blocks[1:]]
    assert output_hash(rows_of(evaluate(changed, settings()))) not in hashes


def test_an_absurd_price_of_a_taker_breaks_no_table(blocks: list[BlockResult], taken, tmp_path) -> None:
    absurd = [msgspec.structs.replace(each, taken=(taken(gross=10**60, paid=None),)) for each in blocks]
    rows = rows_of(evaluate(absurd, settings()))
    assert rows["blocks"][0]["taken_wei"] is None
    assert rows["proposals"][0]["rival_wei"] is None
    assert len(write(rows, tmp_path)) == 3
