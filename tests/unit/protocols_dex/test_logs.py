import inspect
import re
from types import ModuleType

import pytest
from eth_utils.crypto import keccak

from tallyio.core.chain import Log
from tallyio.core.deltas import PoolDiscovered, V2Synced, V3Initialized, V3LiquidityChanged, V3Swapped
from tallyio.core.errors import ChainDataError, ConfigError
from tallyio.core.pools import V2, V3
from tallyio.core.units import Address, Hash32
from tallyio.protocols.dex import uniswap_v2, uniswap_v3
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.registry import DexRegistry

FACTORY2, FACTORY3, POOL = (Address("0x" + c * 40) for c in "abc")
TOKEN0, TOKEN1 = "0x" + "01" * 20, "0x" + "02" * 20
REGISTRY = DexRegistry([Deployment("sushiswap", V2, FACTORY2, 3000), Deployment("uniswap_v3", V3, FACTORY3)])


def word(value: int | str) -> str:
    number = int(value, 16) if isinstance(value, str) else value
    return "0x" + number.to_bytes(32, signed=number < 0).hex()


def log(address: Address, *topics: str, data: tuple[int | str, ...] = ()) -> Log:
    body = b"".join(bytes.fromhex(word(d)[2:]) for d in data)
    return Log(address, topics, body, 7, Hash32("0x07"), Hash32("0xff"), 0, 3)


@pytest.mark.parametrize("module", [uniswap_v2, uniswap_v3])
def test_topics_are_the_hashes_of_the_signatures_beside_them(module: ModuleType) -> None:
    source = inspect.getsource(module)
    found = re.findall(r'^[A-Z_]+ = "(0x[0-9a-f]{64})"\n"""``([^`]+)``', source, re.M)
    assert len(found) >= 3
    for topic, declaration in found:
        name, arguments = re.fullmatch(r"(\w+)\((.*)\)", declaration.replace("\n", " ")).groups()  # type: ignore[union-attr]
        types = ",".join(a.split()[0] for a in arguments.split(","))
        assert topic == "0x" + keccak(text=f"{name}({types})").hex()


def test_a_pair_is_discovered_with_its_forks_fee() -> None:
    delta = REGISTRY.decode(log(FACTORY2, uniswap_v2.PAIR_CREATED, word(TOKEN0), word(TOKEN1), data=(POOL, 1)))
    assert isinstance(delta, PoolDiscovered)
    assert (delta.pool.address, delta.pool.protocol, delta.pool.fee_pips) == (POOL, "sushiswap", 3000)
    assert (delta.pool.token0, delta.pool.token1) == (TOKEN0, TOKEN1)


def test_a_v3_pool_is_discovered_with_its_own_fee() -> None:
    entry = log(FACTORY3, uniswap_v3.POOL_CREATED, word(TOKEN0), word(TOKEN1), word(500), data=(10, POOL))
    delta = REGISTRY.decode(entry)
    assert isinstance(delta, PoolDiscovered)
    assert (delta.pool.family, delta.pool.fee_pips, delta.pool.tick_spacing) == (V3, 500, 10)


def test_a_factory_that_is_not_ours_is_not_heard() -> None:
    assert REGISTRY.decode(log(POOL, uniswap_v2.PAIR_CREATED, word(TOKEN0), word(TOKEN1), data=(POOL, 1))) is None


def test_events_of_pools() -> None:
    price = 2**96 + 5
    assert REGISTRY.decode(log(POOL, uniswap_v2.SYNC, data=(3, 4))) == V2Synced(POOL, 3, 4)
    assert REGISTRY.decode(log(POOL, uniswap_v3.INITIALIZE, data=(price, -7))) == V3Initialized(POOL, price, -7)
    swap = log(POOL, uniswap_v3.SWAP, word(TOKEN0), word(TOKEN1), data=(5, -4, price, 10**18, -1))
    assert REGISTRY.decode(swap) == V3Swapped(POOL, price, -1, 10**18)
    mint = log(POOL, uniswap_v3.MINT, word(TOKEN0), word(-60), word(120), data=(TOKEN0, 99, 1, 2))
    assert REGISTRY.decode(mint) == V3LiquidityChanged(POOL, -60, 120, 99)
    burn = log(POOL, uniswap_v3.BURN, word(TOKEN0), word(-60), word(120), data=(99, 1, 2))
    assert REGISTRY.decode(burn) == V3LiquidityChanged(POOL, -60, 120, -99)


def test_other_events_mean_nothing_here() -> None:
    assert REGISTRY.decode(log(POOL, word(1))) is None
    assert REGISTRY.decode(log(POOL)) is None


@pytest.mark.parametrize(
    "entry",
    [
        log(POOL, uniswap_v2.SYNC, data=(3,)),
        log(POOL, uniswap_v2.SYNC, word(1), data=(3, 4)),
        log(POOL, uniswap_v2.SYNC, data=(3, 2**112)),
        log(POOL, uniswap_v3.SWAP, word(TOKEN0), word(TOKEN1), data=(5, -4, 2**160, 1, 0)),
        log(POOL, uniswap_v3.SWAP, word(TOKEN0), word(TOKEN1), data=(5, -4, 2**96, 2**128, 0)),
        log(POOL, uniswap_v3.SWAP, word(TOKEN0), word(TOKEN1), data=(5, -4, 2**96, 1, 887273)),
        log(POOL, uniswap_v3.MINT, word(TOKEN0), word(60), word(60), data=(TOKEN0, 99, 1, 2)),
        log(POOL, uniswap_v3.BURN, word(TOKEN0), word(2**23), word(2**24), data=(99, 1, 2)),
        log(FACTORY2, uniswap_v2.PAIR_CREATED, word(TOKEN1), word(TOKEN0), data=(POOL, 1)),
        log(FACTORY2, uniswap_v2.PAIR_CREATED, word(2**160), word(2**161), data=(POOL, 1)),
        log(FACTORY3, uniswap_v3.POOL_CREATED, word(TOKEN0), word(TOKEN1), word(10**6), data=(10, POOL)),
        log(FACTORY3, uniswap_v3.POOL_CREATED, word(TOKEN0), word(TOKEN1), word(500), data=(0, POOL)),
        log(FACTORY3, uniswap_v3.POOL_CREATED, word(TOKEN0), word(TOKEN1), "not hex", data=(10, POOL)),
    ],
)
def test_logs_of_another_shape_are_refused(entry: Log) -> None:
    with pytest.raises(ChainDataError):
        REGISTRY.decode(entry)


def test_a_family_that_is_not_known_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match="curve"):
        DexRegistry([Deployment("x", "curve", FACTORY2)])
