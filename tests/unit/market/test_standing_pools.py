"""Pools that no factory announces are there from the start; those that events do not tell are read at every block."""

from typing import Any

from tallyio.core.pools import ERC4626, WRAPPED_NATIVE
from tallyio.core.units import Address
from tallyio.market.market import Market
from tallyio.market.reading import PoolsRead
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families.wrapped import VaultShares
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.wrapped import NATIVE, OneForOne

WETH, VAULT = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)
SHARES = VaultShares(10**20, 10**19, 1, 1, 10**30, 10**30)


def _settled(market: Market) -> None:
    states = {WETH: OneForOne(), VAULT: SHARES}
    market.settle(PoolsRead(states={address: states[address] for address in market.unread}))


def test_wrappers_stand_and_vaults_are_read_at_every_block(chain: Any) -> None:
    deployments = [Deployment("weth", WRAPPED_NATIVE, WETH), Deployment("savings", ERC4626, VAULT)]
    market = Market(DexRegistry(deployments), WETH)
    market.start(chain.head)
    assert set(market.unread) == {WETH, VAULT}
    assert market.pools[WETH].tokens == (NATIVE, WETH)
    _settled(market)
    assert market.states == {WETH: OneForOne(), VAULT: SHARES}
    for _ in range(2):
        market.apply(chain.block())
        assert set(market.unread) == {VAULT}
        assert VAULT in market.untradable
        _settled(market)
        assert market.states[VAULT] == SHARES
        assert VAULT not in market.untradable


def test_one_that_was_followed_is_refused_by_two_readings_only(chain: Any) -> None:
    market = Market(DexRegistry([Deployment("savings", ERC4626, VAULT)]), WETH)
    market.start(chain.head)
    _settled(market)
    for twice in (False, True):
        market.apply(chain.block())
        market.settle(PoolsRead(refused={VAULT: "its previews contradict each other"}))
        assert market.untradable[VAULT] == "its previews contradict each other"
        assert VAULT not in market.states
        assert VAULT not in market.refused
        market.apply(chain.block())
        assert set(market.unread) == {VAULT}
        assert VAULT not in market.refreshable
        if twice:
            market.settle(PoolsRead(refused={VAULT: "its previews contradict each other"}))
        else:
            _settled(market)
            assert market.states[VAULT] == SHARES
            assert VAULT not in market.untradable
    assert market.refused == {VAULT: "its previews contradict each other"}
    assert not market.unread
