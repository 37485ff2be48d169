import inspect
import re
from types import ModuleType

import pytest
from eth_utils.crypto import keccak

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError, ConfigError
from tallyio.core.pools import V2, V3, Pool, PoolState, V2State, V3State
from tallyio.core.units import Address, Hash32
from tallyio.protocols.dex import uniswap_v2, uniswap_v3
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.siblings import family_of

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
    pool = REGISTRY.discovered(log(FACTORY2, uniswap_v2.PAIR_CREATED, word(TOKEN0), word(TOKEN1), data=(POOL, 1)))
    assert pool is not None
    assert (pool.address, pool.protocol, pool.fee_pips) == (POOL, "sushiswap", 3000)
    assert pool.tokens == (TOKEN0, TOKEN1)


def test_a_v3_pool_is_discovered_with_its_own_fee() -> None:
    entry = log(FACTORY3, uniswap_v3.POOL_CREATED, word(TOKEN0), word(TOKEN1), word(500), data=(10, POOL))
    pool = REGISTRY.discovered(entry)
    assert pool is not None
    assert (pool.family, pool.fee_pips, pool.tick_spacing) == (V3, 500, 10)


def test_a_factory_that_is_not_ours_is_not_heard() -> None:
    entry = log(POOL, uniswap_v2.PAIR_CREATED, word(TOKEN0), word(TOKEN1), data=(POOL, 1))
    assert REGISTRY.discovered(entry) is None


TWO = Pool(POOL, V2, "sushiswap", (Address(TOKEN0), Address(TOKEN1)), 3000)
THREE = Pool(POOL, V3, "uniswap_v3", (Address(TOKEN0), Address(TOKEN1)), 500, 10)


def after(pool: Pool, state: PoolState | None, *entries: Log) -> PoolState | None:
    return family_of(pool).advance(pool, state, entries, 0)


def test_events_of_pools() -> None:
    price = 2**96 + 5
    assert after(TWO, None, log(POOL, uniswap_v2.SYNC, data=(3, 4))) == V2State(3, 4)
    state = V3State(price, -7, 0)
    assert after(THREE, None, log(POOL, uniswap_v3.INITIALIZE, data=(price, -7))) == state
    mint = log(POOL, uniswap_v3.MINT, word(TOKEN0), word(-60), word(120), data=(TOKEN0, 99, 1, 2))
    assert after(THREE, state, mint) == V3State(price, -7, 99, (-60, 120), (99, -99), (99, 99))
    swap = log(POOL, uniswap_v3.SWAP, word(TOKEN0), word(TOKEN1), data=(5, -4, price, 10**18, -1))
    assert after(THREE, state, swap) == V3State(price, -1, 10**18)
    burn = log(POOL, uniswap_v3.BURN, word(TOKEN0), word(-60), word(120), data=(99, 1, 2))
    assert after(THREE, state, mint, burn) == state
    with pytest.raises(ChainDataError, match="more liquidity"):
        after(THREE, state, burn)


def test_events_find_their_pool() -> None:
    known = {POOL: TWO}
    assert REGISTRY.subject(log(POOL, uniswap_v2.SYNC, data=(3, 4)), known) is TWO
    assert REGISTRY.subject(log(POOL, uniswap_v3.MINT), known) is None
    assert REGISTRY.subject(log(POOL, word(1)), known) is None
    assert REGISTRY.subject(log(POOL), known) is None
    assert REGISTRY.subject(log(FACTORY2, uniswap_v2.SYNC), known) is None


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
    pool, state = (TWO, V2State(1, 1)) if entry.topics[0] == uniswap_v2.SYNC else (THREE, V3State(2**96, 0, 1))
    with pytest.raises(ChainDataError):
        REGISTRY.discovered(entry) if entry.address != POOL else after(pool, state, entry)


def test_a_family_that_is_not_known_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match="curve"):
        DexRegistry([Deployment("x", "curve", FACTORY2)])
