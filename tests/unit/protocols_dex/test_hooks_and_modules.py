"""Pools that are recognised and left alone: hooks around swaps, fees that move by the second."""

import msgspec
import pytest

from tallyio.chains.keccak import keccak256
from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import SLIPSTREAM, V4, Pool, V3State
from tallyio.core.units import Address, Hash32
from tallyio.protocols.dex import uniswap_v4
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.slipstream import Slipstream, SlipstreamState, SlipstreamTerms
from tallyio.protocols.dex.uniswap_v4 import UniswapV4, V4State

MANAGER, FACTORY, MODULE = (Address(f"0x{i:040x}") for i in (7, 8, 9))
DEPLOYMENT = Deployment("uniswap_v4", V4, MANAGER)
TICKS = V3State(2**96, 0, 10**21, (-600, 600), (10**21, -(10**21)), (10**21, 10**21))


def word(value: int) -> bytes:
    return (value % 2**256).to_bytes(32)


def announced(hooks: int, fee: int = 3000, id_of: int | None = None) -> Log:
    key = b"".join(map(word, (0, 1, fee, 60, hooks if id_of is None else id_of)))
    topics = (uniswap_v4.INITIALIZE, "0x" + keccak256(key).hex(), "0x" + word(0).hex(), "0x" + word(1).hex())
    data = b"".join(map(word, (fee, 60, hooks, 2**96, 0)))
    return Log(MANAGER, topics, data, 1, Hash32("0x1"), Hash32("0x1"), 0, 0)


@pytest.mark.parametrize("flag", [7, 6, 3, 2])
def test_a_hook_around_swaps_is_recognised_and_not_used(flag: int) -> None:
    pool = UniswapV4().discover(announced(1 << flag | 1 << 40), DEPLOYMENT)
    assert pool is not None
    assert "may change swaps" in UniswapV4().obstacle(pool, V4State(TICKS, 3000))
    with pytest.raises(ChainDataError, match="may change swaps"):
        swap(pool, V4State(TICKS, 3000), *pool.tokens, 10**18, 0)


@pytest.mark.parametrize("hooks", [0, 1 << 13 | 1 << 12, 1 << 11 | 1 << 8, 1 << 5 | 1 << 4 | 1 << 1 | 1])
def test_a_hook_that_leaves_swaps_alone_is_none_for_them(hooks: int) -> None:
    pool = UniswapV4().discover(announced(hooks), DEPLOYMENT)
    assert pool is not None
    assert UniswapV4().obstacle(pool, V4State(TICKS, 3000)) == ""
    assert swap(pool, V4State(TICKS, 3000), *pool.tokens, 10**18, 0).amount_out > 0


def test_an_id_that_is_not_its_keys_hash_is_refused() -> None:
    with pytest.raises(ChainDataError, match="hash"):
        UniswapV4().discover(announced(1 << 13, id_of=0), DEPLOYMENT)


POOL = Pool(Address("0x" + "aa" * 20), SLIPSTREAM, "slip", (FACTORY, MODULE), 0, 60, terms=SlipstreamTerms(FACTORY))


def refreshed(fee: int, module: int, *rounds: list[bytes | None]) -> object:
    reading = Slipstream().refresh(POOL, SlipstreamState(TICKS, 0))
    next(reading)
    try:
        for answers in ([word(fee), word(module)], *rounds):
            reading.send(list(answers))
    except StopIteration as end:
        return end.value
    raise AssertionError("it asks on")


def module(scaling: int, default: int, seconds: int = 600) -> list[bytes | None]:
    """Base fee 100, cap 5000, those of the tick spacing 500."""
    config = word(100) + word(5000) + word(scaling)
    return [config, word(default), word(9000), word(seconds), word(500)]


def test_the_fee_of_a_fixed_module_is_its_own() -> None:
    fixed = refreshed(450, int(MODULE, 16), [None] * 4 + [word(500)])
    assert fixed == SlipstreamState(TICKS, 450)
    assert refreshed(100, 0) == SlipstreamState(TICKS, 100)


def test_a_module_that_scales_nothing_is_taken_at_its_word() -> None:
    assert refreshed(450, int(MODULE, 16), module(0, 0)) == SlipstreamState(TICKS, 450)


def test_a_fee_moves_with_the_distance_from_the_average_tick() -> None:
    slot0 = word(2**96) + word(0) + word(2) + word(400) + word(401)
    written = [word(t) + word(c) + word(0) + word(1) for t, c in ((1000, 0), (400, 60_000), (100, -30_000))]
    state = refreshed(450, int(MODULE, 16), module(2 * 10**6, 0), [slot0], [*written, *[word(0) * 4] * 13])
    assert isinstance(state, SlipstreamState)
    assert state.moving is not None
    assert [point.timestamp for point in state.moving.seen.points] == [400, 1000]
    # at 1000 the average of 600 s is (0 - 60000) / 600, at 1100 the seconds since are at tick 0
    assert state.fee_at(1000) == 100 + 2 * 100
    assert state.fee_at(1100) == 100 + 2 * 83
    assert state.fee_at(1600) == 100
    few = msgspec.structs.replace(state.moving.seen, cardinality=299)
    assert msgspec.structs.replace(state.moving, seen=few).at(1000, 0) == 100
