"""Of several lenders the cheapest as they are now: what is predicted of the loans is what the executor earns."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.chain import BlockRef, Log, NewBlock
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import CURVE_NG
from tallyio.core.trade import Route
from tallyio.core.units import ETHER, Address, Hash32
from tallyio.devnet import abi
from tallyio.market.loans import LoanBook
from tallyio.market.market import Market
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.flash_loans.lenders import Lender
from tallyio.strategies.base import GasModel
from tallyio.strategies.funding import borrow

GAS = GasModel()
BLOCK = BlockRef(1, Hash32("0x1"), Hash32("0x0"), 1)


class Bank:
    """A book of three lenders of the town's wrapped ether: a vault, a manager, and one that keeps two wei."""

    def __init__(self, town: Any, vault: Any, manager: Any) -> None:
        self.town, self.vault, self.manager = town, vault.address, manager.address
        vault({town.weth: 50 * ETHER, town.a: 50 * ETHER})
        manager.pool(town.weth, 1)
        self.solo = town.market(town.a, town.weth)
        lenders = [
            Lender("balancer_v2", self.vault), Lender("uniswap_v4", self.manager), Lender("dydx_solo", self.solo),
        ]  # fmt: skip
        self.book = LoanBook(lenders, [town.weth])
        market = Market(DexRegistry([]), town.weth)
        market.start(BLOCK)
        self.view = market.view(next_base_fee_wei=10**9, next_timestamp=2)
        self.settle()

    def settle(self) -> None:
        asyncio.run(self.book.settle(self._read, 1))
        self.view = replace(self.view, offers=self.book.offers)

    async def _read(self, calls: Sequence[tuple[Address, bytes]], block: int) -> list[tuple[bool, bytes]]:
        answers = [self.town.chain.answer(to, data) for to, data in calls]
        return [(answer is not None, answer or b"") for answer in answers]

    def hear(self, receipt: dict[str, Any]) -> None:
        """The events of a transaction, in a block of their own."""
        logs = tuple(
            Log(
                Address(entry["address"].lower()), tuple(entry["topics"]), bytes.fromhex(entry["data"][2:]),
                1, Hash32("0x1"), Hash32("0x2"), 0, 0,
            )
            for entry in receipt["logs"]
        )  # fmt: skip
        self.book.apply(NewBlock(BLOCK, 10**9, 0, 30_000_000, Address("0x" + "00" * 20), logs))
        self.settle()

    def earns(self, amount: int) -> list[str]:
        """The sources of the cheapest loans of ``amount``; a route on them earns to the wei what is predicted."""
        town, loans = self.town, borrow(self.view, self.town.weth, amount, GAS)
        bought = town.buy(amount)
        pool = town.market(town.a, town.weth)
        got = 2 * bought.amount_out
        sold = town.step(pool, CURVE_NG, town.a, town.weth, bought.amount_out, got, (0, 0, 1))
        route = Route(loans[0], (bought, sold), loans=loans[1:])
        gained = got - amount - sum(loan.premium for loan in loans)
        assert gained > 0
        assert town.lab.execute(route, min_profit=gained + 1)["status"] == "0x0"
        assert town.lab.executed(town.lab.execute(route, min_profit=gained)) == (gained, 0)
        return [loan.source for loan in loans]


@pytest.fixture
def bank(town: Any, vault: Callable[..., Any], manager: Any) -> Bank:
    return Bank(town, vault, manager)


def test_the_cheapest_lender_is_chosen_by_premium_and_gas(bank: Bank) -> None:
    assert not bank.book.passed_over
    assert bank.earns(ETHER) == ["uniswap_v4"]
    assert bank.view.offers[bank.town.weth][0].available == 50 * ETHER


def test_a_lender_that_is_short_is_combined_with_others_or_passed_over(bank: Bank) -> None:
    available = {offer.source: offer.available for offer in bank.view.offers[bank.town.weth]}
    dear, most = available["dydx_solo"], available["uniswap_v4"]
    assert most > dear > available["balancer_v2"]
    held = sum(available.values())
    with pytest.raises(ChainDataError, match=f"cannot be borrowed: 3 lenders have {held} together"):
        borrow(bank.view, bank.town.weth, held + 1, GAS)
    bank.view = replace_offers(bank, {"uniswap_v4": 3 * ETHER, "balancer_v2": 2 * ETHER})
    assert bank.earns(3 * ETHER) == ["uniswap_v4"]
    assert sorted(bank.earns(3 * ETHER + 1)) == ["balancer_v2", "uniswap_v4"]  # less gas than one of the third
    bank.view = replace_offers(bank, {"uniswap_v4": 3 * ETHER, "balancer_v2": 2 * ETHER, "dydx_solo": ETHER})
    assert sorted(bank.earns(5 * ETHER)) == ["balancer_v2", "uniswap_v4"]
    assert sorted(bank.earns(6 * ETHER)) == ["balancer_v2", "dydx_solo", "uniswap_v4"]


def replace_offers(bank: Bank, most: dict[str, int]) -> Any:
    """The view on which lenders offer no more than ``most``."""
    offers = [replace(offer, available=most.get(offer.source, offer.available)) for offer in
              bank.view.offers[bank.town.weth]]  # fmt: skip
    return replace(bank.view, offers={bank.town.weth: tuple(offers)})


def test_a_paused_vault_is_passed_over_until_it_goes_on(bank: Bank, town: Any) -> None:
    lender = Lender("balancer_v2", bank.vault)
    authorizer = town.chain.ask(bank.vault, "getAuthorizer()", returns="(address)")
    pause = abi.call("setPaused(bool)", True)
    action = town.chain.ask(bank.vault, "getActionId(bytes4)", pause[:4], returns="(bytes32)")
    town.chain.do(authorizer, abi.call("grantRole(bytes32,address)", action, town.chain.owner))
    bank.hear(town.chain.do(bank.vault, pause))
    assert bank.book.passed_over == {(lender, town.weth): "paused"}
    assert {offer.source for offer in bank.view.offers[town.weth]} == {"uniswap_v4", "dydx_solo"}
    bank.hear(town.chain.do(bank.vault, abi.call("setPaused(bool)", False)))
    assert not bank.book.passed_over
    assert len(bank.view.offers[town.weth]) == 3


def test_what_a_lender_has_follows_its_transfers(bank: Bank, town: Any) -> None:
    before = {offer.source: offer.available for offer in bank.view.offers[town.weth]}
    town.chain.do(town.weth, abi.call("deposit()"), value=ETHER)
    bank.hear(town.chain.do(town.weth, abi.call("transfer(address,uint256)", bank.vault, ETHER)))
    after = {offer.source: offer.available for offer in bank.view.offers[town.weth]}
    assert after == before | {"balancer_v2": before["balancer_v2"] + ETHER}


def test_a_token_that_a_lender_does_not_hold(bank: Bank, town: Any) -> None:
    other = town.lab.tokens[2]
    bank.book.follow([other])
    bank.settle()
    assert bank.book.passed_over == {
        (Lender("balancer_v2", bank.vault), other): "it holds nothing of this token",
        (Lender("uniswap_v4", bank.manager), other): "it holds nothing of this token",
        (Lender("dydx_solo", bank.solo), other): "it has no market of this token",
    }
    assert bank.view.offers[other] == ()
