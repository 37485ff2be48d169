"""What is found in real blocks, beside the labels that other tools gave them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tallyio.archive.importing import import_files
from tallyio.archive.store import path_of
from tallyio.archive.store import read_block as read_archived
from tallyio.cli.main import run
from tallyio.inspection.activity import Swap
from tallyio.inspection.inspection import inspect
from tallyio.inspection.label_files import read_labels
from tallyio.inspection.labels import Comparison, compare
from tallyio.inspection.payment import payment
from tallyio.inspection.replay import concentrated, fixed_input
from tallyio.inspection.sources import archived, receipts
from tallyio.inspection.sources.files import read_block, read_json
from tallyio.simulation.block_execution import BlockExecution

ROOT = Path(__file__).parents[2]
PLACES = [folder / "shared" / "data" for folder in (ROOT.parent, ROOT.parent.parent)]
DATA = next((place for place in PLACES if place.is_dir()), PLACES[0])
TRACED, STATED = DATA / "mev-inspect-py", DATA / "mainnet-blocks"
GOLDEN, VECTORS, CYCLES = TRACED / "golden.json.gz", STATED / "swap_vectors.json.gz", STATED / "cyclic_arbs.json"
WRONG = {
    (12483198, "swap", "differs", "the label has what was sent; the token took a fee of it"): 2,
    (13666184, "swap", "differs", "the label has what was sent; the token took a fee of it"): 1,
    (15049646, "swap", "differs", "the label has what was sent; the token took a fee of it"): 1,
    (15049646, "swap", "differs", "the label counts a transfer of another swap"): 1,
    (11931272, "swap", "extra", "the label misses this swap"): 1,
    (12914944, "swap", "extra", "the label misses this swap"): 1,
    (15049646, "swap", "extra", "the label misses this swap"): 6,
    (12483198, "arbitrage", "extra", "the label misses the path"): 1,
    (15049646, "arbitrage", "extra", "the label misses a swap of the path"): 3,
    (12914944, "sandwich", "differs", "the label names a pool, or one of several contracts, as the actor"): 1,
}
"""Every difference from the labels, each judged by hand: the label is wrong, or tells less."""


def traced() -> list[Path]:
    return sorted(path for path in TRACED.glob("*.json.gz") if path.name[0].isdigit())


def stated() -> list[Path]:
    return sorted(path for path in STATED.glob("*.json.gz") if path.name.removesuffix(".json.gz").isdigit())


def need(path: Path) -> None:
    if not path.exists():
        pytest.skip(f"{path} is absent: this judge cannot speak here")


@pytest.fixture(scope="module")
def compared() -> dict[int, Comparison]:
    need(GOLDEN)
    found = [inspect(read_block(path)) for path in traced()]
    return {each.block.number: compare(each, read_labels(GOLDEN, each.block.number)) for each in found}


def test_all_labelled_swaps_are_found_and_at_least_95_of_100_agree_to_the_unit(compared: dict[int, Comparison]) -> None:
    labelled = sum(c.labelled["swap"] for c in compared.values())
    matched = sum(c.matched["swap"] for c in compared.values())
    assert labelled >= 187
    assert matched * 100 >= labelled * 95
    assert not [d for c in compared.values() for d in c.differences if d.side == "missing"]


@pytest.mark.parametrize("kind", ["arbitrage", "liquidation", "sandwich"])
def test_all_other_labels_agree_to_the_unit(compared: dict[int, Comparison], kind: str) -> None:
    assert sum(c.labelled[kind] for c in compared.values()) > 0
    assert all(c.matched[kind] == c.labelled[kind] for c in compared.values())


def test_who_took_an_arbitrage_is_whom_the_label_names() -> None:
    need(GOLDEN)
    labels = read_json(GOLDEN)
    named = 0
    for path in traced():
        found = inspect(read_block(path))
        for label in labels[str(found.block.number)]["arbitrages"]:
            takers = {a.taker for a in found.arbitrages if a.transaction == label["transaction_hash"]}
            assert takers == {label["account_address"]}
            named += 1
    assert named >= 14


def test_every_difference_is_a_judged_one(compared: dict[int, Comparison]) -> None:
    counted: dict[tuple[int, str, str, str], int] = {}
    for number, comparison in compared.items():
        for d in comparison.differences:
            key = (number, d.kind, d.side, d.reason)
            counted[key] = counted.get(key, 0) + 1
    assert counted == {key: n for key, n in WRONG.items() if key[0] in compared}


def test_swaps_of_blocks_with_logs_are_those_of_the_vectors() -> None:
    need(VECTORS)
    labelled = matched = 0
    for path in stated():
        content, logs = read_json(path), read_json(path.with_name(f"{path.name.split('.')[0]}.expected.json.gz"))
        found = inspect(receipts.read(content["block"], logs, content["pre_state"]))
        comparison = compare(found, read_labels(VECTORS, found.block.number))
        labelled, matched = labelled + comparison.labelled["swap"], matched + comparison.matched["swap"]
        assert not [tx.unread for tx in found.block.transactions if tx.unread]
    assert matched == labelled >= 89


def test_execution_shows_the_same_swaps_as_the_logs_and_what_the_proposer_got(tmp_path: Path) -> None:
    need(VECTORS)
    path = STATED / "19426587.json.gz"
    need(path)
    content, logs = read_json(path), read_json(STATED / "19426587.expected.json.gz")
    stated_by_logs = receipts.read(content["block"], logs, content["pre_state"])
    import_files([path], tmp_path)
    executed = archived.read(read_archived(path_of(tmp_path, 19426587)))
    assert [tx.swaps for tx in executed.transactions] == [tx.swaps for tx in stated_by_logs.transactions]
    assert [tx.effective_gas_price for tx in executed.transactions] == [
        tx.effective_gas_price for tx in stated_by_logs.transactions
    ]
    execution = BlockExecution(read_archived(path_of(tmp_path, 19426587)))
    for tx in executed.transactions:
        before = execution.balance(executed.proposer)
        execution.step()
        if executed.proposer not in (tx.sender, tx.to):
            assert payment(executed, tx).to_proposer == execution.balance(executed.proposer) - before


def test_cyclic_arbitrages_realised_their_labelled_profit_to_the_wei() -> None:
    need(CYCLES)
    cycles: list[dict[str, Any]] = json.loads(CYCLES.read_text())
    assert cycles
    for cycle in cycles:
        found = inspect(read_block(STATED / f"{cycle['block']}.json.gz"))
        (arbitrage,) = [a for a in found.arbitrages if a.transaction == cycle["tx"]]
        assert arbitrage.profit_amount == int(cycle["realised_profit"])
        assert {k: str(v) for k, v in arbitrage.profit.items()} == {k: v for k, v in cycle["net"].items() if int(v)}
        assert arbitrage.net_wei is not None


def test_a_victim_s_loss_on_real_blocks_is_told_for_constant_product_pairs() -> None:
    need(GOLDEN)
    losses = {
        v.transaction[:10]: v.loss.amount
        for path in traced()
        for s in inspect(read_block(path)).sandwiches
        for v in s.victims
    }
    assert losses
    assert all(amount is not None and amount > 0 for amount in losses.values())


def test_the_first_swap_of_every_pool_with_ticks_is_reproduced_from_what_the_block_touched() -> None:
    need(VECTORS)
    reproduced = pools = 0
    for path in stated():
        content, logs = read_json(path), read_json(path.with_name(f"{path.name.split('.')[0]}.expected.json.gz"))
        block = receipts.read(content["block"], logs, content["pre_state"])
        first: dict[str, Swap] = {}
        for swap in (s for tx in block.transactions for s in tx.swaps if s.protocol == "uniswap_v3"):
            first.setdefault(swap.pool, swap)
        pools += len(first)
        for swap in first.values():
            reproduced += any(fixed_input(curve, swap) is not None for curve in concentrated(block.storage[swap.pool]))
    assert reproduced == pools >= 12


def test_a_truncated_block_is_refused(tmp_path: Path) -> None:
    need(GOLDEN)
    whole = gzip.decompress(traced()[0].read_bytes())
    path = tmp_path / "1.json"
    path.write_bytes(whole[: len(whole) // 2])
    assert run(["inspect", str(path)]) == 2


def test_a_number_within_an_archive_gives_the_same_as_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = TRACED / "13404932.json.gz"
    need(path)
    import_files([path], tmp_path)
    assert run(["inspect", "13404932", "--archive", str(tmp_path), "--json"]) == 0
    by_number = json.loads(capsys.readouterr().out)
    assert run(["inspect", str(path), "--labels", str(GOLDEN), "--json"]) == 0
    by_file = json.loads(capsys.readouterr().out)
    assert by_file.pop("labels")["matched"]["arbitrage"] == 4
    assert by_number == by_file
    assert run(["inspect", "7", "--archive", str(tmp_path)]) == 2
    assert run(["inspect", str(path), "--labels", str(GOLDEN)]) == 0
    assert "sandwiches" in capsys.readouterr().out
