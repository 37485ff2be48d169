"""The private key and the password stay where they belong: encrypted, and in the file or variable that holds them."""

import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tallyio.app.devnet_config import give_key, write_directory

PASSWORD_FILE = "wallet/password"


class Place(NamedTuple):
    """A searcher's directory, its key, and everything that any command has said so far."""

    root: Path
    key: bytes
    password: str
    said: list[bytes]

    def run(self, *words: str | Path) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tallyio", *map(str, words)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        self.said.extend([done.stdout, done.stderr])
        return (done.stdout + done.stderr).decode()


def forms(key: bytes) -> list[bytes]:
    """How a key may be written down."""
    return [key, key.hex().encode(), key.hex().upper().encode(), str(int.from_bytes(key)).encode(), repr(key).encode()]


def leaks(texts: Iterable[bytes], secrets: Iterable[bytes]) -> list[bytes]:
    wanted = list(secrets)
    return [secret for text in texts for secret in wanted if secret in text]


@pytest.fixture
def place(own_chain, tmp_path: Path) -> Iterator[Place]:
    """A directory for a chain that mines a block every second."""
    root = tmp_path / "config"
    write_directory(
        root,
        own_chain.world,
        http_url=own_chain.rpc_url,
        ws_url=own_chain.ws_url,
        builder_url="http://127.0.0.1:9",
        block_seconds=12,
        interval_ms=1000,
        verify_every_blocks=2,
    )
    key = own_chain.world.searchers[3].key
    give_key(root, key)
    over = threading.Event()

    def mine() -> None:
        while not over.wait(1.0):
            own_chain.anvil.mine()

    miner = threading.Thread(target=mine)
    miner.start()
    yield Place(root, key, (root / PASSWORD_FILE).read_text().strip(), [])
    over.set()
    miner.join()


def test_the_search_finds_what_it_looks_for(place: Place) -> None:
    planted = b"key " + place.key.hex().encode() + b" " + place.password.encode()
    assert leaks([planted], [*forms(place.key), place.password.encode()]) == [
        place.key.hex().encode(),
        place.password.encode(),
    ]


def test_no_secret_leaves_its_place(place: Place, tmp_path: Path) -> None:
    config = ("--config", place.root)
    assert "deployed" in place.run("deploy", *config, "--live")
    searcher_log = tmp_path / "searcher.log"
    words = ("run", *config, "--live", "--headless", "--json", "--log-level", "debug")
    with searcher_log.open("wb") as log:
        searcher = subprocess.Popen(
            [sys.executable, "-m", "tallyio", *map(str, words)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        metrics = _metrics_url(searcher_log)
        time.sleep(3)
        process = Path(f"/proc/{searcher.pid}")
        place.said.extend([(process / "cmdline").read_bytes(), (process / "environ").read_bytes()])
        place.said.append(urllib.request.urlopen(metrics, timeout=5).read())  # noqa: S310 - our own, over http
        assert place.run("kill", *config)
        assert searcher.wait(10) == 4
    finally:
        if searcher.poll() is None:
            searcher.kill()
            searcher.wait()
    for words in (
        ("resume",),
        ("doctor", "--verify"),
        ("wallet", "show"),
        ("ledger", "balances"),
        ("run", "--blocks", "1"),
    ):
        place.run(*words, *config)
    wrong = tmp_path / "wrong"
    wrong.write_text("a-wrong-password-to-look-for\n")
    text = (place.root / "tallyio.toml").read_text()
    (place.root / "tallyio.toml").write_text(text.replace(PASSWORD_FILE, str(wrong)))
    assert "wrong password" in place.run("run", *config, "--headless")
    key_file = tmp_path / "key.hex"
    key_file.write_text(place.key.hex()[:-1] + "x")
    assert "64 hex digits" in place.run(
        "wallet", "import", tmp_path / "k.json", "--key-file", key_file, "--password-file", place.root / PASSWORD_FILE
    )

    secrets = [*forms(place.key), place.key.hex()[:-1].encode(), place.password.encode(), b"a-wrong-password-to"]
    assert leaks([*place.said, searcher_log.read_bytes()], secrets) == []
    written = [path for path in place.root.rglob("*") if path.is_file() and path.name != "password"]
    assert any(path.name == "journal.sqlite3" for path in written)
    assert leaks([path.read_bytes() for path in written], secrets) == []
    identity = (place.root / "data/relay-identity").read_bytes()
    assert leaks([*place.said, searcher_log.read_bytes()], [identity]) == []
    for path in ("wallet/keystore.json", PASSWORD_FILE, "data/relay-identity"):
        assert (place.root / path).stat().st_mode & 0o077 == 0, f"{path} is open to others"


def _metrics_url(log: Path) -> str:
    for _ in range(2400):
        if found := re.search(r'"metrics": "(http[^"]+)"', log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the searcher did not start: {log.read_text()}")
