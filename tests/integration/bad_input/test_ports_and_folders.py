"""Ports that are taken, folders that cannot be written, and journals that are damaged or another chain's."""

import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tallyio.journal.log import Journal

JOURNAL = "data/journal.sqlite3"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_metrics_port_in_use(quick, ready, taken: int) -> None:
    ready.replace("tallyio.toml", "[wallet]", f"[metrics]\nport = {taken}\n[wallet]")
    quick("run", "--config", ready, "--headless").refused(
        2, f"metrics port {taken}", "in use by another process", "Choose another metrics port"
    )


@pytest.mark.parametrize("option", ["--port", "--builder-port"])
def test_a_port_of_the_devnet_in_use(tallyio, tmp_path: Path, taken: int, option: str) -> None:
    tallyio("devnet", "up", "--dir", tmp_path / "net", option, taken).refused(
        2, f"port {taken} on 127.0.0.1 is in use", "Choose another"
    )
    assert not (tmp_path / "net/devnet.json").exists()


def test_a_devnet_folder_that_cannot_be(quick, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    quick("devnet", "up", "--dir", tmp_path / "file/net").refused(2, "file", "Not a directory", "Check")


def test_a_data_folder_that_cannot_be(quick, config, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    config.replace("tallyio.toml", 'data_dir = "data"', f'data_dir = "{tmp_path}/file/data"')
    config.replace("chains/devnet.toml", "local = true", f'local = true\nexecutor = "{config.ground.executor}"')
    for words in (["run", "--headless"], ["kill"], ["deploy", "--live"]):
        quick(*words, "--config", config).refused(2, f"{tmp_path}/file/data", "Not a directory")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KiB."""
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(quick, ready, tiny: Path) -> None:
    ready.replace("tallyio.toml", 'data_dir = "data"', f'data_dir = "{tiny}"')
    shutil.copy(Path(ready) / "data/executor.json", tiny)
    (tiny / "other").write_bytes(bytes(60 * 1024))
    quick("run", "--config", ready, "--headless").refused(2, str(tiny), "full", "Free some space")
    (tiny / "other").unlink()
    assert not [p for p in tiny.iterdir() if p.suffix == ".new"]


@pytest.fixture
def journal(ready) -> Path:
    """A sound journal that a searcher left behind."""
    path = Path(ready) / JOURNAL
    Journal.open(path).close()
    return path


def _overwrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(bytes(content))


DAMAGES = {
    "not a database": (
        lambda p: p.write_bytes(b"this is no database" * 500),
        ["not a sound TallyIO journal", "backup"],
    ),
    "cut": (lambda p: p.write_bytes(p.read_bytes()[:5000]), ["journal.sqlite3", "backup"]),
    "overwritten": (_overwrite, ["journal.sqlite3", "backup"]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal(quick, ready, journal: Path, damage: str) -> None:
    spoil, parts = DAMAGES[damage]
    spoil(journal)
    before = journal.read_bytes()
    quick("run", "--config", ready, "--headless").refused(2, JOURNAL, *parts)
    assert "error: " in quick("doctor", "--config", ready, "--json").object(1)["data"]
    assert journal.read_bytes() == before, "a damaged journal is left as it was found"


def test_another_programs_database(quick, ready, journal: Path) -> None:
    journal.unlink()
    with sqlite3.connect(journal) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    quick("run", "--config", ready, "--headless").refused(2, "another program's database", "Move it away")


def test_a_journal_of_a_newer_version(quick, ready, journal: Path) -> None:
    with sqlite3.connect(journal) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    quick("run", "--config", ready, "--headless").refused(2, "version 99", "Upgrade TallyIO")


def test_no_journal_to_report_on(quick, ready) -> None:
    for words in (["ledger", "verify"], ["ledger", "balances"]):
        quick(*words, "--config", ready).refused(2, f"{JOURNAL}: no such journal", "Start the searcher once")
    quick("report", "--config", ready).refused(2, "no finished run", "Run the searcher first")


@pytest.mark.parametrize("content", ["", "{", '{"first_block": "x"}'])
def test_damaged_figures_of_a_run(quick, ready, journal: Path, content: str) -> None:
    (journal.parent / "run.json").write_text(content)
    quick("report", "--config", ready).refused(2, "run.json: cannot be read", "run the searcher")


@pytest.mark.parametrize("content", ["", "zz", "00" * 32, "ab" * 31])
def test_a_damaged_identity_at_relays(quick, ready, content: str) -> None:
    (Path(ready) / "data/relay-identity").write_text(content)
    quick("run", "--config", ready, "--headless").refused(2, "relay-identity", "32 bytes", "Remove it")


def test_two_searchers_of_one_data_folder(quick, ready, journal: Path) -> None:
    with Journal.open(journal):
        quick("run", "--config", ready, "--headless").refused(2, "in use by another searcher", "data folder of its own")


def test_a_ledger_of_another_chain(tallyio, quick, ready, own_chain) -> None:
    """The same chain id and contracts, but other blocks: a devnet that was started anew."""
    first = ready.ground.mine()
    run = ("run", "--config", ready, "--headless", "--json", "--blocks", "1")
    assert tallyio(*run).object()["first_block"] >= first
    ready.http(own_chain.rpc_url)
    ready.socket(own_chain.ws_url)
    own_chain.anvil.mine(ready.ground.mine() - own_chain.world.end_block, block_time_s=13)
    code = ready.ground.anvil.rpc.call("eth_getCode", ready.ground.executor, "latest")
    own_chain.anvil.rpc.call("anvil_setCode", ready.ground.executor, code)
    quick("run", "--config", ready, "--headless", "--blocks", "1").refused(
        1, "the chain does not have the ledger's opening block", "another chain's", "start a new one"
    )
    with sqlite3.connect(Path(ready) / JOURNAL) as kept:
        assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert kept.execute("SELECT count(*) FROM records").fetchone()[0] > 0


def test_a_stopped_searcher_stays_stopped(quick, ready) -> None:
    assert quick("kill", "--config", ready, "--reason", "the test", "--json").object()["halted"] is True
    quick("run", "--config", ready, "--headless").refused(4, "the test", "tallyio resume")
    (Path(ready) / "data/halt.json").write_text("{ damaged")
    quick("run", "--config", ready, "--headless").refused(4, "halt file cannot be read", "tallyio resume")
    assert quick("resume", "--config", ready, "--json").object()["was_halted"] is True
