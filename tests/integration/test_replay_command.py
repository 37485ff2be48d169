"""``tallyio replay``: what it prints, and what it says about paths and blocks that will not do."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tallyio.archive.importing import import_files
from tallyio.archive.records import ArchivedBlock
from tallyio.archive.store import path_of, read_block, write_block
from tallyio.cli.main import run

SMALL = 19923400


@pytest.fixture(scope="module")
def data(shared_folder: Callable[[str], Path]) -> Path:
    return shared_folder("mainnet-blocks")


@pytest.fixture(scope="module")
def small(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("archive")
    import_files([data / f"{SMALL}.json.gz"], out)
    return path_of(out, SMALL)


def test_ours_and_theirs_stand_side_by_side(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [real] = json.loads((data / "cyclic_arbs.json").read_text())
    block = str(data / f"{real['block']}.json.gz")
    assert run(["replay", block, block, "--json"]) == 0
    told = msgspec.json.decode(capsys.readouterr().out)
    assert (told["blocks"], told["proposals"], told["taken"], told["verdicts"]) == (1, 1, 1, {"more": 1})
    [shown] = told["replayed"]
    assert {pool["proved"] for pool in shown["pools"]} == {"CREATE2"}
    assert shown["compared"][0] | {"why": ""} == {"proposal": 0, "taken": 0, "verdict": "more", "why": ""}
    [ours], [theirs] = shown["proposals"], shown["taken"]
    assert theirs["position"] == ours["position"] == real["tx_index"]
    assert ours["paid"]["gross_wei"] == ours["predicted"]["gross_wei"] >= theirs["gross_wei"]
    assert ours["paid"]["net_wei"] == ours["paid"]["gross_wei"] - ours["paid"]["gas_wei"] - ours["paid"]["bid_wei"]

    assert run(["replay", block]) == 0
    lines = capsys.readouterr().out
    assert str(ours["paid"]["gross_wei"]) in lines
    assert str(theirs["gross_wei"]) in lines


def test_a_folder_of_archives_is_replayed_whole(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", str(small.parent), "--max-hops", "2", "--json"]) == 0
    told = msgspec.json.decode(capsys.readouterr().out)
    assert [block["block"] for block in told["replayed"]] == [SMALL]


def test_exchanges_of_ones_own_are_the_only_ones(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    weth = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
    pairs = (
        '[[exchanges]]\nname = "mine"\nfamily = "uniswap_v2"\nfactory = "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"'
    )
    own.write_text(f'chain_id = 1\nweth = "{weth}"\n{pairs}\n')
    assert run(["replay", str(small), "--exchanges", str(own), "--json"]) == 0
    [told] = msgspec.json.decode(capsys.readouterr().out)["replayed"]
    assert (
        told["pools"] == []
    )  # without the hash of their code no address can be proved, nor does a factory say it here
    assert set(told["left"].values()) == {"protocol unknown"}
    own.write_text(f'chain_id = 10\nweth = "{weth}"\n{pairs}\n')
    assert run(["replay", str(small), "--exchanges", str(own)]) == 2
    assert f"block {SMALL} is of chain 1, expected 10" in capsys.readouterr().err
    own.write_text(f'chain_id = 1\nweth = "{weth}"\n{pairs}\nfee = 3\n')
    assert run(["replay", str(small), "--exchanges", str(own)]) == 2
    assert "unknown key" in capsys.readouterr().err


def test_paths_that_hold_no_block_are_told_in_one_line(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut, empty = tmp_path / "0000000001.parquet", tmp_path / "empty"
    cut.write_bytes(small.read_bytes()[:-100])
    empty.mkdir()
    broken = tmp_path / "1.json.gz"
    broken.write_bytes(b"\x1f\x8b cut off")
    for path, code, said in (
        (tmp_path / "absent", 2, "no such file or folder"),
        (empty, 1, "holds no archived block"),
        (cut, 1, "cut off or corrupt"),
        (broken, 1, "cut off or corrupt"),
    ):
        _refused([str(path)], code, said, capsys)
    _refused([str(small), "--max-hops", "9"], 2, "expected 2 to 4", capsys)


def test_blocks_that_cannot_be_replayed_are_told_in_one_line(
    small: Path, shared_folder: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    block = read_block(small)
    for number, (changed, code, said) in enumerate(
        (
            (replace(block, chain_id=5, rules="cancun"), 2, "no exchanges of chain 5 are known"),
            (replace(block, rules="utopia"), 1, "utopia"),
            (_without_a_slot(block), 1, "the pre-state lacks a slot that the execution reads: account 0x"),
        )
    ):
        _refused([str(write_block(tmp_path / str(number), changed))], code, said, capsys)
    traced = sorted(shared_folder("mev-inspect-py").glob("[0-9]*.json*"))
    if traced:
        _refused([str(traced[0])], 1, "found no block with its pre-state", capsys)


def _without_a_slot(block: ArchivedBlock) -> ArchivedBlock:
    """Of the token that most transactions touch the first slot is missing."""
    assert block.pre_state is not None
    accounts = dict(block.pre_state.accounts)
    largest = max(accounts, key=lambda at: len(accounts[at].slots))
    accounts[largest] = replace(accounts[largest], slots=dict(list(accounts[largest].slots.items())[1:]))
    return replace(block, pre_state=replace(block.pre_state, accounts=accounts))


def _refused(arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", *arguments]) == code
    told = capsys.readouterr()
    assert said in told.err.rstrip().splitlines()[-1]
    assert told.err.rstrip().splitlines()[-1].startswith("error: ")
    assert not told.out
