"""Markets of contracts that no package holds, heard again: the mirror moves by their recorded logs, says before each
recorded swap what it moved, and ends as the contracts did."""

import asyncio
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tallyio.core.chain import BlockRef, Log, NewBlock
from tallyio.core.units import Address, Hash32
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.market.state_numbers import numbers
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry

RECORDED = Path(__file__).parents[2] / "data" / "golden"
SESSIONS = {
    "camelot_v3_session": "algebra",
    "liquidity_book_2_0_session": "liquidity_book",
    "slipstream_dynamic_session": "slipstream",
}


def hash_of(number: int) -> Hash32:
    return Hash32(f"0x{number:064x}")


def block_of(number: int, told: dict[str, Any]) -> NewBlock:
    ref = BlockRef(number, hash_of(number), hash_of(number - 1), told["timestamp"])
    logs = tuple(
        Log(Address(at), tuple(topics), bytes.fromhex(data), number, ref.hash, hash_of(1000 + place), 0, place)
        for place, (at, topics, data) in enumerate(told["logs"])
    )
    return NewBlock(ref, 10**9, 0, 30_000_000, "0x" + "11" * 20, logs)


@pytest.mark.parametrize("name", SESSIONS)
def test_a_mirror_of_recorded_blocks_is_what_the_contracts_were(name: str) -> None:
    session = msgspec.json.decode(gzip.decompress((RECORDED / f"{name}.json.gz").read_bytes()))
    deployment = Deployment("recorded", SESSIONS[name], session["factory"])
    market = Market(DexRegistry([deployment]), Address("0x" + "ee" * 20))
    market.start(BlockRef(0, hash_of(0), hash_of(0), session["blocks"][0]["timestamp"] - 1))
    compared = 0
    for number, told in enumerate(session["blocks"], 1):
        for _, at, sold, exact_out, paid, got in (each for each in session["swaps"] if each[0] == number - 1):
            pool, state = market.pools[at], market.states[at]
            ends, given = (pool.tokens[sold], pool.tokens[1 - sold]), int(got if exact_out else paid)
            done = swap(pool, state, *ends, given, told["timestamp"], exact_out=exact_out)
            assert (done.amount_in, done.amount_out) == (int(paid), int(got))
            compared += 1
        market.apply(block_of(number, told))
        assert market.counters.undecodable == 0, market.last_undecodable
        answers = {(to, data): (ok, bytes.fromhex(said)) for to, data, ok, said in told["reads"]}

        async def read(
            calls: Sequence[tuple[Address, bytes]], block: int, answers: dict[Any, Any] = answers
        ) -> list[tuple[bool, bytes]]:
            return [answers[to, data.hex()] for to, data in calls]

        if unread := [market.pools[each] for each in market.unread]:
            market.settle(asyncio.run(read_pools(read, unread, number, market.refreshable)))
    assert compared > 15
    for at, held in session["ends"].items():
        ours = {key: value for key, value in numbers(market.states[at]).items() if value}
        assert ours == {key: int(value) for key, value in held.items()}
