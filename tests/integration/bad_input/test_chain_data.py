"""Data of the chain that lies or cannot be decoded: it is skipped and counted, and the searcher goes on."""

import re
import time
from collections.abc import Sequence

import pytest

from tallyio.chains.addresses import created_by
from tallyio.devnet import abi
from tallyio.market.tradable import TRANSFER
from tallyio.protocols.dex.uniswap_v2 import PAIR_CREATED, SWAP, SYNC
from tallyio.protocols.dex.uniswap_v3 import BURN, INITIALIZE, MINT, POOL_CREATED
from tallyio.protocols.dex.uniswap_v3 import SWAP as V3_SWAP

DIRTY = "0x" + "ff" * 32
RETURN_THREE_ZEROS = bytes.fromhex("60606000f3")
"""Runtime code that answers every call with three empty words: a pair without reserves."""


def emitter(logs: Sequence[tuple[Sequence[str], bytes]], runtime: bytes = RETURN_THREE_ZEROS) -> bytes:
    """Creation code, assembled by hand, that emits ``logs`` (topics, data) and leaves ``runtime`` behind."""
    code = b""
    for topics, data in logs:
        for at in range(0, len(data), 32):
            code += b"\x7f" + data[at : at + 32].ljust(32, b"\0") + b"\x61" + at.to_bytes(2) + b"\x52"
        code += b"".join(b"\x7f" + bytes.fromhex(topic[2:]) for topic in reversed(topics))
        code += b"\x61" + len(data).to_bytes(2) + b"\x60\x00" + bytes([0xA0 + len(topics)])
    code += b"\x7f" + runtime.ljust(32, b"\0") + b"\x60\x00\x52" + bytes([0x60, len(runtime)]) + b"\x60\x00\xf3"
    return code


def word(value: int | str) -> bytes:
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)


def topic(value: int | str) -> str:
    return "0x" + word(value).hex()


EVENTS = (PAIR_CREATED, POOL_CREATED, SYNC, SWAP, V3_SWAP, MINT, BURN, INITIALIZE, TRANSFER)


@pytest.fixture
def scene(ground):
    """The ground, put back as it was after the test."""
    snapshot = ground.anvil.rpc.call("evm_snapshot")
    yield ground
    ground.anvil.revert(snapshot)


def test_logs_of_strangers_mean_nothing(quick, config, scene) -> None:
    shapes = [((event, *rest), data) for event in EVENTS for rest in ((), (DIRTY,) * 3) for data in (b"", b"\xff" * 7)]
    scene.deploy("searcher", 7, emitter(shapes))
    dirty = [((TRANSFER, DIRTY, DIRTY), word(5)), ((SWAP, DIRTY, DIRTY), b"\xff" * 128)]
    scene.deploy("searcher", 7, emitter([((), b""), ((), b"\1"), ((DIRTY,) * 4, b""), *dirty]))
    told = quick("doctor", "--config", config, "--verify", "--json").object()
    assert told["mirror"].endswith("0 logs skipped")


def test_a_factory_and_a_pair_that_talk_nonsense(quick, start, ready, scene) -> None:
    actor = scene.world.account("searcher", 7)
    nonce = int(scene.anvil.rpc.call("eth_getTransactionCount", actor.address, "latest"), 16)
    pair = created_by(actor.address, nonce + 1)
    low, high = sorted([scene.world.weth, scene.world.tokens["DAI"].address])
    wrong_of_factory = [
        ((PAIR_CREATED,), b""),
        ((PAIR_CREATED, topic(low), topic(high)), word(pair)),
        ((PAIR_CREATED, topic(high), topic(low)), word(pair) + word(1)),
        ((PAIR_CREATED, DIRTY, DIRTY), word(pair) + word(1)),
        ((PAIR_CREATED, topic(low), topic(high)), b"\xff" * 64),
    ]
    right = ((PAIR_CREATED, topic(low), topic(high)), word(pair) + word(1))
    factory = scene.deploy("searcher", 7, emitter([*wrong_of_factory, right])).lower()
    wrong_of_pair = [
        ((SYNC,), b"\1" * 31),
        ((SYNC,), word(2**112) + word(1)),
        ((SYNC, DIRTY), word(1) + word(1)),
        ((V3_SWAP, DIRTY, DIRTY), b""),
        ((V3_SWAP, DIRTY, DIRTY), word(1) * 5),
        ((MINT, DIRTY, DIRTY, DIRTY), word(1) * 4),
        ((BURN, topic(1), topic(60), topic(0)), word(1) * 3),
        ((INITIALIZE,), word(1) * 2),
    ]
    harmless = [((SWAP, DIRTY, DIRTY), b"\1" * 5), ((), b""), ((SYNC,), word(0) * 2)]
    assert scene.deploy("searcher", 7, emitter([*wrong_of_pair, *harmless])).lower() == pair
    dex = f'\n[[dexes]]\nname = "strange"\nfamily = "uniswap_v2"\nfactory = "{factory}"\n'
    ready.replace("chains/devnet.toml", "\n[[dexes]]", dex + "\n[[dexes]]")
    told = quick("doctor", "--config", ready, "--verify", "--json").object()
    assert f"1 refused, the first {pair}: its contract trades" in told["mirror"]
    assert told["mirror"].endswith(f"{len(wrong_of_factory)} logs skipped")
    pools = int(re.match(r"(\d+) pools", told["mirror"])[1])
    assert pools == len(scene.world.pools) + scene.world.venue_pools

    searcher = start("run", "--config", ready, "--headless", "--json")
    searcher.wait_for("connected to")
    last = scene.mine()
    time.sleep(1.5)
    assert searcher.end().object()["last_block"] == last


def test_a_pool_that_is_none_is_named(quick, ready, scene) -> None:
    low, high = sorted([scene.world.weth, scene.world.tokens["DAI"].address])
    nobody = "0x" + "77" * 20
    factory = scene.deploy(
        "searcher", 7, emitter([((PAIR_CREATED, topic(low), topic(high)), word(nobody) + word(1))])
    ).lower()
    dex = f'\n[[dexes]]\nname = "strange"\nfamily = "uniswap_v2"\nfactory = "{factory}"\n'
    ready.replace("chains/devnet.toml", "\n[[dexes]]", dex + "\n[[dexes]]")
    told = quick("doctor", "--config", ready, "--verify", "--json").object()
    assert f"1 refused, the first {nobody}: its contract trades nothing" in told["mirror"]


def test_odd_pools_of_the_world_equal_the_chain(quick, config, scene) -> None:
    """No liquidity, reserves near the limit of uint112, a token that takes a fee, a token that returns nothing."""
    told = " ".join(scene.world.odd_pools.values())
    for oddity in ("no liquidity", "near the limit", "initialised without liquidity"):
        assert oddity in told
    assert any(token.silent for token in scene.world.tokens.values())
    assert any(token.transfer_fee_bps for token in scene.world.tokens.values())
    told = quick("doctor", "--config", config, "--verify", "--json").object()
    known = len(scene.world.pools) + scene.world.venue_pools
    assert told["mirror"].startswith(f"{known} pools")


def test_a_donation_does_not_condemn_a_token(quick, start, ready, scene) -> None:
    """Tokens sent to a pair and absorbed by ``sync`` before a swap of the same transaction are no fee on transfer."""
    world = scene.world
    pair = next(p for p in world.pools if p.family == "uniswap_v2" and world.weth in (p.token0, p.token1)
                and p.address not in world.odd_pools)  # fmt: skip
    actor = world.account("searcher", 7)
    gift, paid = 10**15, 10**16
    reserves = scene.anvil.rpc.call("eth_call", {"to": pair.address, "data": "0x0902f1ac"}, "latest")[2:]
    first, second = int(reserves[:64], 16), int(reserves[64:128], 16)
    weth_first = pair.token0 == world.weth
    weth_reserve, other_reserve = (first, second) if weth_first else (second, first)
    out = paid * 99 // 100 * other_reserve // (weth_reserve + gift + paid)
    calls = [
        (world.weth, abi.call("transfer(address,uint256)", pair.address, gift)),
        (pair.address, abi.call("sync()")),
        (world.weth, abi.call("transfer(address,uint256)", pair.address, paid)),
        (
            pair.address,
            abi.call(
                "swap(uint256,uint256,address,bytes)",
                *((0, out) if weth_first else (out, 0)),
                actor.address,
                b"",
            ),
        ),
    ]
    searcher = start("run", "--config", ready, "--headless", "--json")
    searcher.wait_for("connected to")
    scene.send(actor, world.weth, bytes.fromhex("d0e30db0"), value_wei=gift + paid)
    scene.send(actor, world.weth, abi.call("transfer(address,uint256)", world.multicall3, gift + paid))
    aggregate = abi.call("aggregate3((address,bool,bytes)[])", [(to, False, data) for to, data in calls])
    scene.send(actor, world.multicall3, aggregate)
    time.sleep(2)
    told = searcher.end()
    assert told.object()["last_block"] > 0
    assert world.weth not in told.err
    assert "not traded any more" not in told.err.replace(world.tokens["FEE"].address, "")
