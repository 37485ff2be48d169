"""``tallyio prices`` beside a searcher at work: what it says is what the chain says of that block."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tallyio.app.prices import prices
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import RetryableError
from tallyio.core.pools import V2
from tallyio.hot_path import warm
from tallyio.hot_path.memory.folder import FOLDER
from tallyio.hot_path.shared.plan import segment_name

pytestmark = pytest.mark.timeout(900)

GET_RESERVES, SLOT0, LIQUIDITY = "0x0902f1ac", "0x3850c7bd", "0x1a686502"


def words(raw: str) -> list[int]:
    return [int(raw[at : at + 64], 16) for at in range(2, len(raw), 64)]


def on_chain(devnet: Any, pools: list[dict[str, Any]], block: int) -> list[dict[str, int] | None]:
    """The pools' states as the contracts tell them, in the form of ``prices``: none before the first event."""
    asked = [
        (pool["pool"], data)
        for pool in pools
        for data in ((GET_RESERVES,) if pool["family"] == V2 else (SLOT0, LIQUIDITY))
    ]
    calls = [("eth_call", ({"to": to, "data": data}, hex(block))) for to, data in asked]
    answers: Iterator[list[int]] = iter([words(raw) for raw in devnet.node.batch(calls)])
    found: list[dict[str, int] | None] = []
    for pool in pools:
        first = next(answers)
        if pool["family"] == V2:
            found.append({"reserve0": first[0], "reserve1": first[1]} if any(first) else None)
            continue
        [liquidity] = next(answers)
        tick = first[1] - (1 << 256 if first[1] >> 255 else 0)
        found.append({"sqrt_price_x96": first[0], "tick": tick, "liquidity": liquidity} if first[0] else None)
    return found


def segment(config: Path) -> Path:
    directory = ConfigDirectory.open(config)
    return FOLDER / segment_name(directory.chain.chain_id, directory.data_dir)


def change(config: Path, text: str) -> None:
    with (config / "tallyio.toml").open("a") as file:
        file.write(text)


def run(commands: Any, config: Path) -> Any:
    searcher = commands.start("run", "--config", config, "--headless")
    searcher.wait_for("searcher ready", 240)  # with an empty cache it compiles first
    return searcher


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    """An empty cache takes a busy machine minutes to fill: longer than a command is waited for."""
    for part in ("shared", "detector", "transactions"):
        warm.warm(part)


@pytest.fixture(scope="module")
def config(quiet_devnet: Any) -> Path:
    found: Path = quiet_devnet.directory()
    return found


def test_they_equal_the_chain_and_a_killed_searcher_is_said(config: Path, quiet_devnet: Any, commands: Any) -> None:
    change(config, "\n[hot_path]\nshared_pools = 2\n")
    commands.run("prices", "--config", config).refused(3, "no searcher of this directory is running", "tallyio run")
    searcher = run(commands, config)
    head = quiet_devnet.head

    def told() -> Any:
        """Of a block after the searcher's start; it has grown beyond two pools by then."""
        try:
            found = prices(config)
        except RetryableError:
            return None
        return found if found["block"] >= head else None

    for _ in range(2):
        found = searcher.wait_for(told)
        pools = found["pools"]
        assert len(pools) > 4
        assert {pool["family"] for pool in pools} == {"uniswap_v2", "uniswap_v3"}
        assert [pool["state"] for pool in pools] == on_chain(quiet_devnet, pools, found["block"])
        block = quiet_devnet.node.call("eth_getBlockByNumber", hex(found["block"]), False)
        assert (found["hash"], found["timestamp"]) == (block["hash"], int(block["timestamp"], 16))
        assert found["left_out"] == 0
        assert any(pool["age_blocks"] > 0 for pool in pools if pool["state"])
        head = found["block"] + 1

    listed = commands.run("prices", "--config", config, "--json").json()
    assert listed.keys() == found.keys()
    assert [pool["pool"] for pool in listed["pools"]] == [pool["pool"] for pool in pools]
    one = next(pool for pool in pools if pool["state"])
    single = commands.run("prices", "--config", config, "--json", "--pool", one["pool"].upper().replace("X", "x"))
    [alone] = single.json()["pools"]
    assert alone["pool"] == one["pool"]
    assert alone["token1_per_token0"] * alone["token0_per_token1"] == pytest.approx(1)
    lines = commands.run("prices", "--config", config).out.splitlines()
    assert len(lines) == len(pools) + 1
    commands.run("prices", "--config", config, "--pool", "0x12").refused(2, "knows no pool 0x12")

    watching = commands.start("prices", "--config", config, "--watch", "--json")
    watching.wait_for(lambda: len(watching._out.read_text().splitlines()) >= 2)
    os.kill(searcher.process.pid, signal.SIGKILL)
    ended = watching.ended()
    ended.refused(3, "no searcher of this directory is running", str(searcher.process.pid))
    blocks = [msgspec.json.decode(line)["block"] for line in ended.out.splitlines()]
    assert blocks == sorted(set(blocks)), "each block once, in order"
    commands.run("prices", "--config", config).refused(3, "no searcher of this directory is running")
    # what it left lies there until a searcher starts: in this test, or in one that runs beside it
    left = segment(config)
    health = commands.run("doctor", "--config", config, "--json")
    assert left.name in msgspec.json.decode(health.out)["memory"] or not left.exists()
    lay_there = left.stat().st_ino if left.exists() else None

    again = run(commands, config)
    assert left.stat().st_ino != lay_there
    assert again.wait_for(told)["pools"]
    again.signal(signal.SIGTERM)
    assert again.ended().code == 0
    assert not segment(config).exists(), "an orderly end leaves nothing"


def test_a_segment_of_another_version_or_maker_is_refused(quiet_devnet: Any, commands: Any) -> None:
    config = quiet_devnet.directory(executor=False)
    path = segment(config)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(b"not of this program" * 1000)
    try:
        commands.run("prices", "--config", config).refused(2, "is not shared memory of TallyIO")
    finally:
        path.unlink()
    change(config, "\n[hot_path]\nshared_pools = 0\n")
    commands.run("prices", "--config", config).refused(2, "hot_path.shared_pools is 0")
    assert commands.run("doctor", "--config", config, "--json").out.count("nothing is shared") == 1


def test_a_processor_that_is_not_there_is_refused_where_the_settings_insist(quiet_devnet: Any, commands: Any) -> None:
    config = quiet_devnet.directory()
    change(config, '\n[hot_path]\npin = true\ncore = 4000\nfeatures = ["nosuch"]\n')
    done = commands.run("run", "--config", config, "--headless", "--blocks", "1")
    assert done.code == 0
    assert "lacks nosuch" in done.err
    assert "no core 4000" in done.err
    change(config, "insist = true\n")
    commands.run("run", "--config", config, "--headless").refused(4, "lacks nosuch", "no core 4000", "insist = false")
    doctor = commands.run("doctor", "--config", config, "--json")
    assert doctor.code == 1
    assert "lacks nosuch" in msgspec.json.decode(doctor.out)["processor"]
    change(config, "speed = 3\n")
    commands.run("run", "--config", config, "--headless").refused(2, "unknown key 'hot_path.speed'")
