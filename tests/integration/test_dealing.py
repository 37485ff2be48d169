"""Balances set on a fork: every token of the world tells what was given, and nobody else has less."""

from collections.abc import Iterator
from typing import Any

import pytest

from tallyio.chains import blocks
from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.simulation.dealing import deal, token_balance
from tallyio.simulation.fork import Fork, Simulator
from tallyio.simulation.records import BlockEnv, InexactError

WHO, OTHER = Address("0x" + "5a" * 20), Address("0x" + "5b" * 20)


@pytest.fixture
def fork(world_chain: Any) -> Iterator[Fork]:
    head = blocks.header(world_chain.anvil.rpc.call("eth_getBlockByNumber", "latest", False))
    env = BlockEnv(
        number=head.ref.number + 1,
        timestamp=head.ref.timestamp + 12,
        base_fee_wei=0,
        gas_limit=head.gas_limit,
        coinbase=head.coinbase,
        chain_id=world_chain.world.chain_id,
    )
    simulator = Simulator(world_chain.rpc_url)
    yield simulator.fork(head.ref, env)
    simulator.close()


def test_every_token_tells_what_was_given(world_chain: Any, fork: Fork) -> None:
    world = world_chain.world
    tokens = [Address(each.address) for each in world.tokens.values()]
    for token in tokens:
        holder = next((p.address for p in world.pools if token in p.tokens), OTHER)
        held = token_balance(fork, token, holder)
        for amount in (10**20 + 7, 0, 3):
            deal(fork, token, WHO, amount)
            assert token_balance(fork, token, WHO) == amount
        assert token_balance(fork, token, holder) == held
    assert tokens


def test_what_keeps_no_balances_is_refused(world_chain: Any, fork: Fork) -> None:
    pool = Address(next(p.address for p in world_chain.world.pools if p.family == "uniswap_v3"))
    with pytest.raises(InexactError, match="no balance that can be set"):
        deal(fork, pool, WHO, 5)
    with pytest.raises(InexactError, match="does not tell"):
        token_balance(fork, pool, WHO)
    with pytest.raises(BugError, match="expected 0 to"):
        deal(fork, world_chain.world.weth, WHO, -1)
