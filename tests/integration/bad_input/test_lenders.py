"""Cycles of swaps that lend nothing, on loans of whoever lends cheapest: each earns on the chain what is predicted."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.app.follow import mirror_at_head
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.executor_events import EXECUTED
from tallyio.core.trade import FlashLoan
from tallyio.core.units import ETHER
from tallyio.devnet.venues.all import call_of
from tallyio.devnet.venues.venue import Order
from tallyio.execution.plan import execute_calldata
from tallyio.market.view import MarketView
from tallyio.strategies.base import GasModel
from tallyio.strategies.search import CycleSearch, Found


class Desk:
    """The world with a pool that was pushed, and whoever looks at it."""

    def __init__(self, ground: Any, config: Any) -> None:
        self.ground, self.world, self.rpc = ground, ground.world, ground.anvil.rpc
        self.directory = ConfigDirectory.open(config.root)

    def send(self, sender: str, to: str, data: bytes) -> dict[str, Any]:
        self.rpc.call("anvil_impersonateAccount", sender)
        self.rpc.call("anvil_setBalance", sender, hex(10**20))
        fields = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(6_000_000)}
        tx = self.rpc.call("eth_sendTransaction", {**fields, "maxFeePerGas": hex(10**12)})
        self.ground.mine()
        found: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", tx)
        return found

    def push(self, name: str, *symbols: str) -> None:
        """A trader sells the first of ``symbols`` for the last in a pool of a venue."""
        venue = next(venue for venue in self.world.venues if venue.name == name)
        tokens = [self.world.tokens[symbol].address for symbol in symbols]
        pool = next(pool for pool in venue.pools if set(pool.tokens) == set(tokens))
        amount = self.world.tokens[symbols[0]].amount(200_000 * 10**8)
        order = Order(venue, pool, tokens[0], tokens[-1], amount, self.world.swapper, self.world.weth)
        receipt = self.send(self.world.account("trader", 1).address, self.world.swapper, call_of(order, 0))
        assert receipt["status"] == "0x1"

    async def look(self) -> MarketView:
        async with Rpc(self.directory.chain.http_url) as rpc:
            return (await mirror_at_head(self.directory, rpc)).view()

    def earned(self, trade: Found) -> int | None:
        before = self.rpc.call("evm_snapshot")
        data = execute_calldata(trade.route, trade.gross_wei, 0, weth=self.world.weth)
        logs = self.send(self.ground.owner, self.ground.executor, data)["logs"]
        self.rpc.call("evm_revert", before)
        return next((int(entry["data"][:66], 16) for entry in logs if entry["topics"] == [EXECUTED]), None)


@pytest.fixture
def desk(ground: Any, ready: Any) -> Iterator[Desk]:
    snapshot = ground.anvil.rpc.call("evm_snapshot")
    yield Desk(ground, ready)
    ground.anvil.revert(snapshot)


def lent(view: MarketView) -> list[Found]:
    """The trades that a loan opens, the best first."""
    return [t for t in CycleSearch(GasModel()).best(view, 0, 200) if isinstance(t.route.funding, FlashLoan)]


def offering(view: MarketView, most: dict[str, int], *, pools: bool = False) -> MarketView:
    """The view on which lenders have no more of wrapped ether than ``most``, by source, and Aave no more than it.
    Concentrated ``pools`` lend beside them or not."""
    offers = tuple(replace(offer, available=most.get(offer.source, 0)) for offer in view.offers[view.weth])
    (market,) = view.lending.values()
    reserve = replace(market.reserves[view.weth], virtual_balance=most["aave_v3"])
    lending = {market.market: replace(market, reserves={**market.reserves, view.weth: reserve})}
    graph = view.graph if pools else dataclasses.replace(view.graph, lenders={})
    return replace(view, graph=graph, offers={**view.offers, view.weth: offers}, lending=lending)


def sources(trade: Found) -> list[str]:
    loans = [trade.route.funding, *trade.route.loans]
    return [loan.source for loan in loans if isinstance(loan, FlashLoan)]


async def test_the_cheapest_lenders_fund_what_lends_nothing_itself(desk: Desk) -> None:
    desk.push("curve_twocrypto_ng", "WETH", "LINK")
    view = await desk.look()
    free, *others = lent(view)
    assert sources(free) == ["uniswap_v4"]
    for trade in (free, *others[:4]):
        assert desk.earned(trade) == trade.gross_wei
    amount = free.route.funding.amount  # type: ignore[union-attr]
    assert amount > 4 * ETHER

    cases: list[tuple[dict[str, int], list[str]]] = [
        ({"aave_v3": 10**30}, ["aave_v3"]),
        ({"aave_v3": 10**30, "uniswap_v4": amount // 2}, ["aave_v3", "uniswap_v4"]),
        ({"aave_v3": ETHER, "uniswap_v4": 2 * ETHER}, ["uniswap_v4"]),
        ({"aave_v3": 3 * ETHER}, ["aave_v3"]),
    ]
    gross = []
    for most, expected in cases:
        trade = lent(offering(view, most))[0]
        assert sorted(sources(trade)) == expected
        assert desk.earned(trade) == trade.gross_wei
        gross.append(trade.gross_wei)
    paid, mixed, short, shorter = gross
    assert free.gross_wei > mixed > paid > short
    assert paid > shorter > 0
    assert not lent(offering(view, {"aave_v3": 0}))

    for aave in (0, 10**30):
        trade = lent(offering(view, {"aave_v3": aave}, pools=True))[0]
        assert sources(trade) == ["uniswap_v3"]
        assert desk.earned(trade) == trade.gross_wei
        assert free.gross_wei > trade.gross_wei > paid  # a pool wants a ten thousandth, Aave five
