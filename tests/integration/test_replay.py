"""The searcher on recorded blocks, beside those who were really there."""

import gzip
import json
from pathlib import Path

import pytest

from tallyio.archive.importing import import_files
from tallyio.archive.records import ArchivedBlock
from tallyio.archive.store import path_of, read_block
from tallyio.backtest.exchanges import exchanges_of
from tallyio.backtest.known_pools import known_pools
from tallyio.backtest.replay import replay
from tallyio.core.pools import V2State, V3State
from tallyio.simulation.block_execution import BlockExecution

ROOT = Path(__file__).parents[2]
PLACES = [folder / "shared" / "data" / "mainnet-blocks" for folder in (ROOT.parent, ROOT.parent.parent)]
DATA = next((place for place in PLACES if place.is_dir()), PLACES[0])


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> dict[int, ArchivedBlock]:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is absent: this judge cannot speak here")
    out = tmp_path_factory.mktemp("archive")
    wanted = (12522062, 15537394, 17034869, 19923400)
    import_files([DATA / f"{number}.json.gz" for number in wanted], out)
    return {number: read_block(path_of(out, number)) for number in wanted}


def test_every_arbitrage_of_the_folder_is_found_where_it_stood_and_pays_at_least_as_much(
    blocks: dict[int, ArchivedBlock],
) -> None:
    for real in json.loads((DATA / "cyclic_arbs.json").read_text()):
        pools = {swap["pool"] for swap in real["swaps"]}
        ours = [p for p in replay(blocks[real["block"]]).proposals if set(p.opportunity.pools) == pools]
        assert len(ours) == 1
        assert ours[0].position <= real["tx_index"]
        assert not ours[0].paid.reason
        assert ours[0].paid.gross_wei == ours[0].opportunity.gross_wei
        assert ours[0].paid.gross_wei >= int(real["realised_profit"])
        assert ours[0].decision.approved
        assert ours[0].paid.bid_wei == ours[0].decision.bid_wei > 0


def test_who_really_took_it_stands_beside(blocks: dict[int, ArchivedBlock]) -> None:
    for real in json.loads((DATA / "cyclic_arbs.json").read_text()):
        [taken] = replay(blocks[real["block"]]).taken
        assert (taken.position, taken.transaction) == (real["tx_index"], real["tx"])
        assert set(taken.pools) == {swap["pool"] for swap in real["swaps"]}
        assert taken.profit == {token: int(amount) for token, amount in real["net"].items()}
        assert taken.to_proposer_wei is not None
        assert taken.net_wei is not None
        assert taken.gross_wei is not None
        assert 0 < taken.net_wei < taken.gross_wei


def test_known_pools_hold_what_the_recorded_swaps_found_there(blocks: dict[int, ArchivedBlock]) -> None:
    vectors = json.loads(gzip.decompress((DATA / "swap_vectors.json.gz").read_bytes()))
    compared = 0
    for number, block in blocks.items():
        seen = known_pools(BlockExecution(block), exchanges_of(1)).states
        first = {
            swap.get("pair", swap.get("pool")): swap
            for swap in reversed([*vectors["v2"], *vectors["v3"]])
            if swap["block"] == number
        }
        for at, swap in first.items():
            state = seen.get(at)
            if isinstance(state, V2State):
                assert (state.reserve0, state.reserve1) == (int(swap["reserve0_before"]), int(swap["reserve1_before"]))
                compared += 1
            elif isinstance(state, V3State):
                found = (state.sqrt_price_x96, state.liquidity, state.tick)
                assert found == tuple(int(swap[f"{name}_before"]) for name in ("sqrtPriceX96", "liquidity", "tick"))
                compared += 1
    assert compared >= 15


def test_what_we_place_and_try_disturbs_no_transaction_of_the_block(blocks: dict[int, ArchivedBlock]) -> None:
    for block in blocks.values():
        assert block.header is not None
        replayed = replay(block)
        assert replayed.gas_used == block.header.gas_used
        assert replayed.receipts_root == block.header.receipts_root
