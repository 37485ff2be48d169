"""The searcher on recorded blocks, beside those who were really there."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from tallyio.archive.importing import import_files
from tallyio.archive.records import ArchivedBlock
from tallyio.archive.store import blocks_in, read_block
from tallyio.backtest.comparison import compare
from tallyio.backtest.exchanges import exchanges_of
from tallyio.backtest.known_pools import known_pools
from tallyio.backtest.records import Replayed, ReplaySettings
from tallyio.backtest.replay import replay
from tallyio.core.pools import V2State, V3State
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick
from tallyio.protocols.dex.model import swap
from tallyio.simulation.block_execution import BlockExecution
from tallyio.simulation.receipts import receipts_root

ROOT = Path(__file__).parents[2]
PLACES = [folder / "shared" / "data" / "mainnet-blocks" for folder in (ROOT.parent, ROOT.parent.parent)]
HOPS = ReplaySettings().max_hops
LIQUIDITY = 4
"""Its slot in a v3 pool."""
DATA = next((place for place in PLACES if place.is_dir()), PLACES[0])


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> dict[int, ArchivedBlock]:
    """Every block of the folder."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is absent: this judge cannot speak here")
    out = tmp_path_factory.mktemp("archive")
    import_files([file for file in DATA.glob("[0-9]*.json.gz") if ".expected." not in file.name], out)
    return {block.number: block for block in map(read_block, blocks_in(out))}


@pytest.fixture(scope="module")
def replays(blocks: dict[int, ArchivedBlock]) -> dict[int, Replayed]:
    return {number: replay(block) for number, block in blocks.items()}


def test_every_recorded_arbitrage_is_found_where_it_stood_and_pays_at_least_as_much(
    replays: dict[int, Replayed],
) -> None:
    for real in json.loads((DATA / "cyclic_arbs.json").read_text()):
        replayed, pools = replays[real["block"]], {swap["pool"] for swap in real["swaps"]}
        if not _is_ours_to_find(replayed, [swap["pool"] for swap in real["swaps"]]):
            continue
        ours = [p for p in replayed.proposals if set(p.opportunity.pools) == pools and p.position <= real["tx_index"]]
        assert any(p.paid.gross_wei >= int(real["realised_profit"]) for p in ours)
        assert any(p.decision.approved and p.paid.bid_wei == p.decision.bid_wei > 0 for p in ours)


def test_nobody_took_more_than_we_would_have_over_pools_that_we_know(replays: dict[int, Replayed]) -> None:
    judged = 0
    for replayed in replays.values():
        for row in compare(replayed, HOPS):
            theirs = row.theirs
            if theirs and theirs.kind != "liquidation" and _is_ours_to_find(replayed, theirs.pools):
                assert row.ours is not None
                assert row.ours.position <= theirs.position
                assert row.ours.paid.gross_wei >= (theirs.gross_wei or 0)
                judged += 1
    assert judged >= 1


def test_what_is_predicted_is_paid_to_the_unit(replays: dict[int, Replayed]) -> None:
    for replayed in replays.values():
        assert not replayed.unfollowed
        for each in replayed.proposals:
            assert each.paid.reason or each.paid.gross_wei == each.opportunity.gross_wei


def test_who_really_took_it_stands_beside(replays: dict[int, Replayed]) -> None:
    for real in json.loads((DATA / "cyclic_arbs.json").read_text()):
        [taken] = [each for each in replays[real["block"]].taken if each.transaction == real["tx"]]
        assert taken.position == real["tx_index"]
        assert set(taken.pools) == {swap["pool"] for swap in real["swaps"]}
        assert taken.profit == {token: int(amount) for token, amount in real["net"].items() if int(amount)}
        assert taken.to_proposer_wei is not None
        assert taken.net_wei is not None
        assert taken.gross_wei is not None
        assert taken.net_wei < taken.gross_wei


def _is_ours_to_find(replayed: Replayed, pools: Sequence[str]) -> bool:
    """A cycle that is searched, over exchanges that are known."""
    return len(pools) == len(set(pools)) <= HOPS and replayed.known.pools.keys() >= set(pools)


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
        for at, recorded in first.items():
            state = seen.get(at)
            if isinstance(state, V2State):
                assert (state.reserve0, state.reserve1) == (
                    int(recorded["reserve0_before"]),
                    int(recorded["reserve1_before"]),
                )
                compared += 1
            elif isinstance(state, V3State):
                found = (state.sqrt_price_x96, state.liquidity, state.tick)
                assert found == tuple(int(recorded[f"{name}_before"]) for name in ("sqrtPriceX96", "liquidity", "tick"))
                compared += 1
    assert compared >= 15


def test_what_we_place_and_try_disturbs_no_transaction_of_the_block(
    blocks: dict[int, ArchivedBlock], replays: dict[int, Replayed]
) -> None:
    for number, block in blocks.items():
        assert block.header is not None
        assert replays[number].gas_used == block.header.gas_used
        assert replays[number].receipts_root == block.header.receipts_root


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640", 202_560),
        ("0x486263aa56d1b49d78dea765754164b880c99954", None),
        ("0x29f0096512b4af1d689c1a11a867a6e707a8dcde", None),
    ],
)
def test_a_trade_that_ends_where_the_knowledge_of_a_pool_ends_can_be_run(
    blocks: dict[int, ArchivedBlock], at: Address, end: int | None
) -> None:
    """The recorded arbitrage's state with less liquidity in one of its pools: the best trade would go on behind a tick
    that nobody crossed in the block, and of which the archive knows nothing."""
    real = next(each for each in json.loads((DATA / "cyclic_arbs.json").read_text()) if each["block"] == 15537394)
    alone = _thinned(blocks[real["block"]], real["tx_index"], at)
    replayed = replay(alone)
    assert not replayed.unproved
    [found] = replayed.proposals
    assert set(found.opportunity.pools) == {swap["pool"] for swap in real["swaps"]}
    assert found.paid.gross_wei == found.opportunity.gross_wei > 0
    if end is not None:
        known = known_pools(BlockExecution(alone), exchanges_of(1))
        step = next(step for step in found.opportunity.route.steps if isinstance(step, SwapStep) and step.pool == at)
        done = swap(known.pools[at], known.states[at], step.token_in, step.token_out, step.amount_in, 0).state
        assert isinstance(done, V3State)
        assert 0 < (sqrt_ratio_at_tick(end) - done.sqrt_price_x96) * 10**6 < done.sqrt_price_x96


def _thinned(block: ArchivedBlock, position: int, at: Address) -> ArchivedBlock:
    """The state at ``position`` as a block of its own, with a hundredth of the pool's liquidity."""
    assert block.header is not None
    assert block.pre_state is not None
    execution = BlockExecution(block)
    execution.run_to(position)
    accounts = {
        account: replace(held, slots={slot: execution.storage(account, slot) for slot in held.slots})
        for account, held in block.pre_state.accounts.items()
    }
    slots = accounts[at].slots
    accounts[at] = replace(accounts[at], slots=slots | {LIQUIDITY: slots[LIQUIDITY] // 100})
    header = replace(block.header, receipts_root=Hash32("0x" + receipts_root([]).hex()))
    return replace(block, header=header, transactions=(), pre_state=replace(block.pre_state, accounts=accounts))
