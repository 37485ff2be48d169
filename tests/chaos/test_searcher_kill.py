"""``kill -9`` of the whole searcher at random moments, trading live: nothing lost, nothing sent twice, not a wei off.

A relay stands between searcher and builder that only writes down what it is handed, so that what really left the
process is known from outside it.
"""

import http.client
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from tallyio.core.trade import Bundle, Outcome
from tallyio.journal.log import FILE_NAME, JournalReader
from tallyio.journal.projections import open_bundles, outcomes
from tallyio.wallet import keystore

SEED = 2
KILLS = 20
LAST_RUN_BLOCKS = 10
AT_WORK_SHARE = 0.6
"""Of the kills, so many come within a block of its first bundle; the others while it starts and recovers."""


class Relay:
    """Hands requests on to the builder; ``bundles`` are those that were sent through it, in order."""

    def __init__(self, builder_url: str) -> None:
        self.bundles: list[dict[str, Any]] = []
        relay, parts = self, urlsplit(builder_url)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                request = msgspec.json.decode(body)
                if request["method"] == "eth_sendBundle":
                    relay.bundles += request["params"]
                onward = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
                passed = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                try:
                    onward.request("POST", parts.path or "/", body, passed)
                    answer = onward.getresponse()
                    found, status = answer.read(), answer.status
                finally:
                    onward.close()
                try:
                    self.send_response(status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(found)))
                    self.end_headers()
                    self.wfile.write(found)
                except OSError:
                    pass  # the searcher was killed while it waited

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def relay(quiet_devnet: Any) -> Iterator[Relay]:
    one = Relay(quiet_devnet.state.builder_url)
    yield one
    one.close()


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_twenty_kills_of_a_live_searcher(quiet_devnet: Any, commands: Any, relay: Relay) -> None:
    config = quiet_devnet.directory(builder_url=relay.url)
    owner = keystore.address_in(config / "wallet" / "keystore.json")
    deployments = len(quiet_devnet.sent_by(owner))
    dice = random.Random(SEED)
    for _ in range(KILLS):
        _run_and_kill(commands, config, relay, dice)
        _sound(config / "data" / FILE_NAME)

    last = commands.run("run", "--config", config, "--live", "--headless", "--json", "--blocks", str(LAST_RUN_BLOCKS))
    done = last.json()
    assert done["breaker"] == ""
    with JournalReader.open(config / "data" / FILE_NAME) as journal:
        records = [entry.record for entry in journal.read()]
        assert [b.target_block for b in open_bundles(journal) if b.target_block <= done["last_block"]] == []
        final = {key: outcome for key, outcome in outcomes(journal).items() if outcome.status in ("landed", "reverted")}
    bundles = [record for record in records if isinstance(record, Bundle)]

    known = {(b.target_block, tuple("0x" + raw.hex() for raw in b.transactions)) for b in bundles}
    for sent in relay.bundles:
        assert (int(sent["blockNumber"], 16), tuple(sent["txs"])) in known, "journaled before it was sent"

    mined = [tx for tx in quiet_devnet.sent_by(owner)[deployments:] if int(tx["blockNumber"], 16) <= done["last_block"]]
    assert mined, "it landed nothing"
    ended = Counter(tx_hash for _, tx_hash in final)
    assert ended == Counter(tx["hash"] for tx in mined), "each mined transaction has one outcome, and no other has any"
    blocks = {tx["hash"]: tx["blockHash"] for tx in mined}
    assert all(outcome.block and outcome.block.hash == blocks[outcome.tx_hash] for outcome in final.values())
    taken = {tx_hash: b.opportunity_ids[i] for b in bundles for i, tx_hash in enumerate(b.own)}
    twice = [id_ for id_, count in Counter(taken[tx["hash"]] for tx in mined).items() if count > 1]
    assert twice == [], "an opportunity is taken once"
    assert [int(tx["nonce"], 16) for tx in mined] == list(range(deployments, deployments + len(mined)))
    assert all(o.status == "landed" and o.net_wei > 0 for o in final.values()), "nothing that landed lost money"
    _outcomes_follow_bundles(records)

    proof = commands.run("ledger", "verify", "--config", config, "--json").json()
    assert proof["difference_wei"] == 0
    assert proof["transactions"] >= len(mined)


def _run_and_kill(commands: Any, config: Path, relay: Relay, dice: random.Random) -> None:
    at_work, early_s, late_s = dice.random() < AT_WORK_SHARE, dice.uniform(0.3, 3.0), dice.uniform(0.0, 1.0)
    before = len(relay.bundles)
    searcher = commands.start("run", "--config", config, "--live", "--headless")
    if at_work:
        searcher.wait_for(lambda: len(relay.bundles) > before)
    time.sleep(late_s if at_work else early_s)
    assert searcher.process.poll() is None, searcher.log
    searcher.signal(signal.SIGKILL)
    assert searcher.ended().errors == []


def _sound(path: Path) -> None:
    """The file is whole, and its numbers have no gap: what was acknowledged before a kill is there after it."""
    if not path.exists():
        return
    with JournalReader.open(path) as journal:
        assert journal.problems() == []
        numbers = [entry.seq for entry in journal.read()]
        assert numbers == list(range(1, len(numbers) + 1))


def _outcomes_follow_bundles(records: list[Any]) -> None:
    """Journal order is the order of cause and effect."""
    made: set[str] = set()
    for record in records:
        if isinstance(record, Bundle):
            made.add(record.id)
        elif isinstance(record, Outcome):
            assert record.bundle_id in made
