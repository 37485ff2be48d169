"""aggregate3's encoding against an independent ABI coder, and the contract itself on the devnet's world."""

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from tallyio.chains import storage_words
from tallyio.chains.jsonrpc import RpcError
from tallyio.chains.multicall import aggregate, decode_aggregate3, encode_aggregate3
from tallyio.chains.rpc import Rpc
from tallyio.core.errors import OutOfReachError
from tallyio.core.units import Address
from tallyio.devnet import abi

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: Address("0x" + raw.hex()))


@given(st.lists(st.tuples(addresses, st.binary(max_size=100)), max_size=8))
def test_calldata_is_what_another_coder_makes(calls: list[tuple[Address, bytes]]) -> None:
    encoded = encode_aggregate3(calls)
    [decoded] = decode(["(address,bool,bytes)[]"], encoded[4:])
    assert list(decoded) == [(target, True, data) for target, data in calls]
    assert encoded[4:] == encode(["(address,bool,bytes)[]"], [[(target, True, data) for target, data in calls]])


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=8))
def test_results_of_another_coder_are_read(results: list[tuple[bool, bytes]]) -> None:
    output = encode(["(bool,bytes)[]"], [results])
    assert decode_aggregate3(output, len(results)) == results
    if results:
        with pytest.raises(OutOfReachError):
            decode_aggregate3(output[:-32] if results[-1][1] else output[:-1], len(results))


async def test_the_contract_answers_in_chunks(world_chain: Any) -> None:
    world = world_chain.world
    owner = world.pools[0].address
    calls = [(token.address, abi.call("balanceOf(address)", owner)) for token in world.tokens.values()]
    calls.append((world.weth, bytes.fromhex("deadbeef")))
    async with Rpc(world_chain.rpc_url) as rpc:
        results = await aggregate(rpc, world.multicall3, calls, "latest", chunk=4)
        for (token, data), (success, output) in zip(calls[:-1], results[:-1], strict=True):
            answer = await rpc.call("eth_call", [{"to": token, "data": "0x" + data.hex()}, "latest"])
            assert (success, "0x" + output.hex()) == (True, answer)
        assert results[-1][0] is False
        with pytest.raises(OutOfReachError, match="multicall3 address"):
            await aggregate(rpc, Address("0x" + "12" * 20), calls)


async def test_storage_words_come_in_their_places(world_chain: Any) -> None:
    world = world_chain.world
    pool = world.pools[0].address
    view = (pool, abi.call("token0()"))
    words = [(storage_words.STORAGE, storage_words.question(pool, slot)) for slot in (0, 6, 7)]
    async with Rpc(world_chain.rpc_url) as rpc:
        results = await aggregate(rpc, world.multicall3, [words[0], view, words[1], view, words[2]], "latest")
        direct = await rpc.batch([("eth_getStorageAt", [pool, hex(slot), "latest"]) for slot in (0, 6, 7)])
        [told] = await aggregate(rpc, world.multicall3, [view], "latest")
    assert [results[i] for i in (0, 2, 4)] == [(True, bytes.fromhex(word[2:])) for word in direct]
    assert results[1] == results[3] == told
    assert any(int(word, 16) for word in direct)


class RefusesStorage:
    async def batch(self, calls: Any, *, keep_errors: bool = False) -> list[Any]:
        return [RpcError(method, -32601, "no such method", None, "a node") for method, _ in calls]


async def test_a_node_may_refuse_storage_words_but_no_views() -> None:
    rpc: Any = RefusesStorage()
    word = (storage_words.STORAGE, storage_words.question(Address("0x" + "ab" * 20), 3))
    assert await aggregate(rpc, Address("0x" + "12" * 20), [word]) == [(False, b"")]
    with pytest.raises(RpcError):
        await aggregate(rpc, Address("0x" + "12" * 20), [word, (Address("0x" + "cd" * 20), b"1234")])
