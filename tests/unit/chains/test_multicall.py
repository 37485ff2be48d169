"""aggregate3's encoding against an independent ABI coder, and the contract itself on the devnet's world."""

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st

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
