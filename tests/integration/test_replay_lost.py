"""Why the recorded arbitrage was not ours: on the terms of one bid outbid, on those of a higher one taken."""

import json
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from tallyio.app.replay import replays, review
from tallyio.archive.importing import import_files
from tallyio.archive.store import path_of, read_block
from tallyio.backtest.lost import lost_of, verdicts_of
from tallyio.backtest.records import ReplaySettings
from tallyio.backtest.replay import replay
from tallyio.reports.why_lost import Why


def test_the_recorded_arbitrage_is_lost_or_won_by_the_bid(shared_folder: Callable[[str], Path], tmp_path: Path) -> None:
    folder = shared_folder("mainnet-blocks")
    [real] = json.loads((folder / "cyclic_arbs.json").read_text())
    import_files([folder / f"{real['block']}.json.gz"], tmp_path)
    block = read_block(path_of(tmp_path, real["block"]))

    settings = ReplaySettings()
    [found] = lost_of(replay(block), settings)
    assert found.why is Why.OUTBID
    assert found.chance.rival is not None
    assert found.chance.rival.transaction == real["tx"]
    assert found.chance.rival.position == real["tx_index"]
    assert set(found.chance.pools) == {swap["pool"] for swap in real["swaps"]}
    assert found.attempt is not None
    assert found.attempt.bid_wei < (found.chance.rival.paid_wei or 0)
    assert found.missing_wei == found.chance.value_wei

    eager = replace(settings, limits=replace(settings.limits, bid_share_bps=settings.limits.max_bid_share_bps))
    [verdict] = verdicts_of(replay(block, eager), eager)
    assert verdict.attempt is not None
    assert verdict.attempt.landed_block == real["block"]
    missing = verdict.lost.missing_wei if verdict.lost else 0
    assert missing == max(0, (found.chance.value_wei or 0) - verdict.attempt.value_wei)
    assert verdict.lost is None or verdict.lost.why is Why.FOR_LESS


def test_the_review_of_a_replay_adds_up(shared_folder: Callable[[str], Path]) -> None:
    folder = shared_folder("mainnet-blocks")
    settings = ReplaySettings()
    found = list(replays([folder / f"{number}.json.gz" for number in (15537393, 15537394, 19426587)], settings, None))
    reviewed = review(found, settings)
    every = [lost for block in found for lost in lost_of(block, settings)]
    assert sum(row.count for row in reviewed.lost.values()) == len(every) > 0
    assert sum(row.wei for row in reviewed.lost.values()) == sum(lost.missing_wei for lost in every)
    proposals = [proposal for block in found for proposal in block.proposals]
    assert sum(reviewed.validation.all.outcomes.values()) == len(proposals) > 0
    exact = reviewed.validation.all.profit_wei
    assert exact is not None
    assert (exact.p5, exact.p99, exact.worst) == (0, 0, 0), "what the strategy says is what the block pays"
