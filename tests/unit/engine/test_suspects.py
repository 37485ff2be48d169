"""What a slot looks past once trades of it failed in simulation."""

from typing import Any

from tallyio.core.chain import BlockRef
from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.trade import FlashLoan, Opportunity, Route, SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.engine.suspects import tokens_of, without
from tallyio.market.market import Market
from tallyio.market.view import MarketView
from tallyio.protocols.dex.registry import DexRegistry

WETH, GOOD, BAD = (Address("0x" + digit * 40) for digit in "123")
BLOCK = BlockRef(5, Hash32("0x5"), Hash32("0x4"), 60)
POOLS = {
    Address(f"0x{number:040x}"): Pool(Address(f"0x{number:040x}"), V2, "any", (WETH, token), 3000)
    for number, token in enumerate([GOOD, GOOD, GOOD, BAD, BAD, BAD, BAD], 0xA0)
}
G1, G2, G3, B1, B2, B3, B4 = POOLS


def view() -> MarketView:
    market = Market(DexRegistry([]), WETH)
    market.start(BLOCK, POOLS.values(), dict.fromkeys(POOLS, V2State(10**20, 10**20)))
    return market.view(next_base_fee_wei=1, next_timestamp=72)


def trade(*pools: Address) -> Opportunity:
    """Out of wrapped ether through the first, and back through the others."""
    steps = [SwapStep(pool, V2, *POOLS[pool].tokens, 1, 1, 3000) for pool in pools]
    return Opportunity("id", "arbitrage", BLOCK, 6, Route(FlashLoan(WETH, WETH, 1, 0), tuple(steps)), 1, 1, pools)


def left_out(worked: list[Opportunity], *failed: Opportunity) -> set[Address]:
    found = without(view(), worked, [(each, "reverts") for each in failed])
    return set(found.untradable) if found else set()


def test_the_pools_of_a_failed_trade_are_left_out_and_do_not_trade() -> None:
    assert tokens_of(trade(B1, B2)) == {WETH, BAD}
    assert left_out([], trade(B1, B2)) == {B1, B2}
    beside: Any = without(view(), [], [(trade(B1, B2), "reverts")])
    edges = [edge for pool in (B1, B2) for edge in range(*beside.graph.edges_of(POOLS[pool]).indices(10**6))]
    assert not beside.rates[edges].any()
    assert beside.rates.any()


def test_failures_that_share_no_pool_leave_their_token_out() -> None:
    assert left_out([], trade(B1, B2), trade(B1, B3)) == {B1, B2, B3}
    assert left_out([], trade(B1, B2), trade(B3, B4)) == {B1, B2, B3, B4}
    assert left_out([], trade(B1, B2), trade(B1, B3), trade(B2, B3)) == {B1, B2, B3, B4}


def test_what_worked_in_the_slot_stays() -> None:
    assert left_out([trade(G1, G2)], trade(G1, B1), trade(G2, B2)) == {B1, B2, B3, B4}
    assert left_out([trade(B1, B2)], trade(B1, B3), trade(B2, B4)) == {B3, B4}
    assert left_out([trade(G1, G2)], trade(G2, G1)) == set()
    assert without(view(), [trade(G1, G3)], []) is None
