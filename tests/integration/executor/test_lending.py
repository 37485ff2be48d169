"""Liquidations and flash loans on the published Aave v3.6, funded in every way that a route can be."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tallyio.core.trade import FlashLoan, LiquidateStep, Route
from tallyio.core.units import ETHER, Address
from tallyio.devnet import abi, accounts
from tallyio.devnet.anvil import Anvil
from tallyio.devnet.artifacts import Artifact
from tallyio.devnet.deploy.aave import deploy_aave
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.deploy.tokens import deploy_feeds, deploy_tokens
from tallyio.devnet.world import AaveMarket, Feed, Token

LIQUIDATE = "liquidationCall(address,address,address,uint256,bool)"
PREMIUM_BPS = 5


class Lending(msgspec.Struct):
    """The small market around a lending market with real reserves; ``borrower`` is healthy at first."""

    lab: Any
    market: AaveMarket
    tokens: dict[str, Token]
    feeds: dict[str, Feed]
    borrower: Address

    def token(self, symbol: str) -> Address:
        return self.tokens[symbol].address

    def supply(self, who: Address, symbol: str, amount: int) -> None:
        token = self.token(symbol)
        if symbol == "WETH":
            self.lab.chain.do(token, abi.call("deposit()"), sender=who, value=amount)
        else:
            self.lab.fund(token, who, amount)
        approve = abi.call("approve(address,uint256)", self.market.pool, amount)
        self.lab.chain.do(token, approve, sender=who)
        data = abi.call("supply(address,uint256,address,uint16)", token, amount, who, 0)
        self.lab.chain.do(self.market.pool, data, sender=who)

    def borrow(self, symbol: str, amount: int) -> None:
        signature = "borrow(address,uint256,uint256,uint16,address)"
        data = abi.call(signature, self.token(symbol), amount, 2, 0, self.borrower)
        self.lab.chain.do(self.market.pool, data, sender=self.borrower)

    def crash(self, symbol: str, price_e8: int) -> None:
        """Move the feed, as its reporter does; the borrower must be liquidatable then."""
        reporter = self.lab.chain.owner
        self.lab.chain.do(self.feeds[symbol].aggregator, abi.call("setAnswer(int256)", price_e8), sender=reporter)
        account = self.lab.chain.ask(
            self.market.pool,
            "getUserAccountData(address)",
            self.borrower,
            returns="(" + ",".join(["uint256"] * 6) + ")",
        )
        assert account[5] < ETHER

    def liquidation(self, collateral: str, debt: str, debt_to_cover: int) -> LiquidateStep:
        """The step with the collateral that the market itself pays a liquidator now; tried and undone."""
        chain = self.lab.chain
        snapshot = chain.rpc.call("evm_snapshot")
        liquidator = chain.accounts[5]
        self.lab.fund(self.token(debt), liquidator, debt_to_cover)
        pool, c, d = self.market.pool, self.token(collateral), self.token(debt)
        chain.do(d, abi.call("approve(address,uint256)", pool, debt_to_cover), sender=liquidator)
        held = chain.balance(c, liquidator)
        chain.do(pool, abi.call(LIQUIDATE, c, d, self.borrower, debt_to_cover, False), sender=liquidator)
        received = chain.balance(c, liquidator) - held
        assert chain.balance(d, liquidator) == 0
        chain.rpc.call("evm_revert", snapshot)
        return LiquidateStep(
            market=pool,
            collateral=c,
            debt=d,
            borrower=self.borrower,
            debt_to_cover=debt_to_cover,
            collateral_received=received,
        )


@pytest.fixture(scope="module")
def lending_on_anvil(lab_class: Any, chain_class: Any, test_contracts: dict[str, Artifact]) -> Iterator[Lending]:
    with Anvil() as anvil:
        chain = chain_class(anvil.rpc)
        session = Session(anvil.rpc, anvil.chain_id, accounts.account(7, "deployer", 0))
        tokens = deploy_tokens(session)
        feeds = deploy_feeds(session, chain.owner)
        session.settle()
        market = deploy_aave(session, tokens, feeds)
        session.finish(10**9)
        lab = lab_class(chain, test_contracts, tokens["WETH"].address)
        lending = Lending(lab, market, tokens, feeds, chain.accounts[4])
        supplier = chain.accounts[3]
        for symbol in ("USDC", "USDT"):
            lending.supply(supplier, symbol, 5_000_000 * 10**6)
        lending.supply(supplier, "WETH", 1_000 * ETHER)
        yield lending


@pytest.fixture
def lending(lending_on_anvil: Lending) -> Iterator[Lending]:
    rpc = lending_on_anvil.lab.chain.rpc
    snapshot = rpc.call("evm_snapshot")
    yield lending_on_anvil
    rpc.call("evm_revert", snapshot)


@pytest.fixture
def ether_loan(lending: Lending) -> Lending:
    """10 WETH against 19,000 USDC, under water after the price fell to 2,200."""
    lending.supply(lending.borrower, "WETH", 10 * ETHER)
    lending.borrow("USDC", 19_000 * 10**6)
    lending.crash("WETH", 2_200 * 10**8)
    return lending


@pytest.fixture
def bitcoin_loan(lending: Lending) -> Lending:
    """1 WBTC against 20,000 USDT and 20,000 USDC, under water after the price fell to 52,000."""
    lending.supply(lending.borrower, "WBTC", 10**8)
    lending.borrow("USDT", 20_000 * 10**6)
    lending.borrow("USDC", 20_000 * 10**6)
    lending.crash("WBTC", 52_000 * 10**8)
    return lending


def funded(lending: Lending, kind: str, pool: Address, given: str, wanted: str, amount_out: int) -> Any:
    """A flash swap that brings exactly ``amount_out`` of ``wanted``, and what it then costs in ``given``."""
    lab = lending.lab
    token_in, token_out = lending.token(given), lending.token(wanted)
    if kind == "v3":
        signature = "quoteExactOutputSingle((address,address,uint256,uint24,uint160))"
        fee = lab.chain.ask(pool, "fee()")
        arguments = (token_in, token_out, amount_out, fee, 0)
        returns = "(uint256,uint160,uint32,uint256)"
        amount_in = lab.chain.ask(lab.quoter, signature, arguments, returns=returns)[0]
    else:
        reserves = lab.chain.ask(pool, "getReserves()", returns="(uint112,uint112,uint32)")
        here, there = reserves[:2] if token_in < token_out else reserves[1::-1]
        amount_in = lab.chain.ask(lab.router, "getAmountIn(uint256,uint256,uint256)", amount_out, here, there)
    step = lab.swap(kind, pool, token_in, token_out, amount_in)
    return msgspec.structs.replace(step, amount_out=amount_out, exact_out=kind == "v3")


@pytest.mark.parametrize("kind", ["uniswap", "v3"])
def test_a_flash_swap_of_the_collateral_funds_the_liquidation(ether_loan: Lending, kind: str) -> None:
    lending, lab = ether_loan, ether_loan.lab
    weth, usdc = lending.token("WETH"), lending.token("USDC")
    pool = lab.pool(kind, {weth: 1_000 * ETHER, usdc: 2_200_000 * 10**6})
    step = lending.liquidation("WETH", "USDC", 6_000 * 10**6)
    funding = funded(lending, kind, pool, "WETH", "USDC", step.debt_to_cover)
    expected = step.collateral_received - funding.amount_in
    assert expected > 0
    receipt = lab.execute(Route(funding=funding, inner=(step,)), min_profit=expected - 1000, bid=1000)
    assert lab.executed(receipt) == (expected, 1000)
    assert lab.chain.balance(usdc, lab.executor) == 0
    assert lab.chain.ask(usdc, "allowance(address,address)", lab.executor, lending.market.pool) == 0


@pytest.mark.parametrize("debt", ["USDC", "USDT"])
@pytest.mark.parametrize("kinds", [("uniswap", "v3"), ("v3", "uniswap"), ("v3", "v3"), ("uniswap", "uniswap")])
def test_two_pools_fund_the_liquidation_and_the_rest_becomes_weth(
    bitcoin_loan: Lending, debt: str, kinds: tuple[str, str]
) -> None:
    """Debt bought with WETH, the collateral sold for WETH; a token that returns nothing among the debts."""
    lending, lab = bitcoin_loan, bitcoin_loan.lab
    weth, wbtc, owed = lending.token("WETH"), lending.token("WBTC"), lending.token(debt)
    bought = lab.pool(kinds[0], {weth: 1_000 * ETHER, owed: 2_500_000 * 10**6})
    sold = lab.pool(kinds[1], {wbtc: 48 * 10**8, weth: 1_000 * ETHER})
    step = lending.liquidation("WBTC", debt, 7_000 * 10**6)
    funding = funded(lending, kinds[0], bought, "WETH", debt, step.debt_to_cover)
    sale = lab.swap(kinds[1], sold, wbtc, weth, step.collateral_received)
    expected = sale.amount_out - funding.amount_in
    assert expected > 0
    route = Route(funding=funding, inner=(step, sale))
    assert lab.executed(lab.execute(route, min_profit=expected)) == (expected, 0)
    assert [lab.chain.balance(t, lab.executor) for t in (wbtc, owed)] == [0, 0]


def test_collateral_left_over_is_sold_after_the_debt_is_paid(bitcoin_loan: Lending) -> None:
    lending, lab = bitcoin_loan, bitcoin_loan.lab
    wbtc, usdc, weth = lending.token("WBTC"), lending.token("USDC"), lending.token("WETH")
    pool = lab.pool("v3", {wbtc: 100 * 10**8, usdc: 5_200_000 * 10**6})
    market = lab.pool("uniswap", {wbtc: 48 * 10**8, weth: 1_000 * ETHER})
    step = lending.liquidation("WBTC", "USDC", 7_000 * 10**6)
    funding = funded(lending, "v3", pool, "WBTC", "USDC", step.debt_to_cover)
    outer = lab.swap("uniswap", market, wbtc, weth, step.collateral_received - funding.amount_in)
    route = Route(funding=funding, inner=(step,), outer=(outer,))
    assert lab.executed(lab.execute(route)) == (outer.amount_out, 0)
    assert lab.chain.balance(wbtc, lab.executor) == 0


@pytest.mark.parametrize("debt", ["USDC", "USDT"])
def test_a_flash_loan_funds_the_liquidation(bitcoin_loan: Lending, debt: str) -> None:
    lending, lab = bitcoin_loan, bitcoin_loan.lab
    wbtc, owed, weth = lending.token("WBTC"), lending.token(debt), lending.token("WETH")
    pool = lab.pool("uniswap", {wbtc: 100 * 10**8, owed: 5_200_000 * 10**6})
    market = lab.pool("v3", {owed: 2_500_000 * 10**6, weth: 1_000 * ETHER})
    step = lending.liquidation("WBTC", debt, 7_000 * 10**6)
    sale = lab.swap("uniswap", pool, wbtc, owed, step.collateral_received)
    premium = -(-step.debt_to_cover * PREMIUM_BPS // 10_000)
    loan = FlashLoan(market=lending.market.pool, token=owed, amount=step.debt_to_cover, premium=premium)
    outer = lab.swap("v3", market, owed, weth, sale.amount_out - step.debt_to_cover - premium)
    route = Route(funding=loan, inner=(step, sale), outer=(outer,))
    assert lab.executed(lab.execute(route, min_profit=outer.amount_out)) == (outer.amount_out, 0)
    assert [lab.chain.balance(t, lab.executor) for t in (wbtc, owed)] == [0, 0]
    assert lab.chain.ask(owed, "allowance(address,address)", lab.executor, lending.market.pool) == 0


def test_a_flash_loan_of_weth_funds_a_cycle(lending: Lending) -> None:
    lab = lending.lab
    weth, link = lending.token("WETH"), lending.token("LINK")
    hops = [
        ("uniswap", lab.pool("uniswap", {weth: 100 * ETHER, link: 22_000 * ETHER})),
        ("v3", lab.pool("v3", {weth: 100 * ETHER, link: 18_000 * ETHER})),
    ]
    inner = lab.chained(hops, [weth, link, weth], 2 * ETHER)
    premium = -(-2 * ETHER * PREMIUM_BPS // 10_000)
    loan = FlashLoan(market=lending.market.pool, token=weth, amount=2 * ETHER, premium=premium)
    expected = inner[-1].amount_out - 2 * ETHER - premium
    assert lab.executed(lab.execute(Route(funding=loan, inner=inner))) == (expected, 0)
    short = msgspec.structs.replace(loan, premium=premium - 1)
    said = lab.refusal(Route(funding=short, inner=inner))
    assert said == f"Overcharged(place=0, kind=9, expected={premium - 1}, found={premium})"


def test_more_collateral_than_the_market_pays_is_named_by_step(ether_loan: Lending) -> None:
    lending, lab = ether_loan, ether_loan.lab
    pool = lab.pool("v3", {lending.token("WETH"): 1_000 * ETHER, lending.token("USDC"): 2_200_000 * 10**6})
    step = lending.liquidation("WETH", "USDC", 6_000 * 10**6)
    wished = msgspec.structs.replace(step, collateral_received=step.collateral_received + 1)
    funding = funded(lending, "v3", pool, "WETH", "USDC", step.debt_to_cover)
    assert lab.refusal(Route(funding=funding, inner=(wished,))) == (
        f"InsufficientReceived(place=1, kind=10, expected={wished.collateral_received},"
        f" found={step.collateral_received})"
    )


def test_a_healthy_borrower_cannot_be_liquidated(lending: Lending) -> None:
    lab = lending.lab
    lending.supply(lending.borrower, "WETH", 10 * ETHER)
    lending.borrow("USDC", 10_000 * 10**6)
    pool = lab.pool("uniswap", {lending.token("WETH"): 1_000 * ETHER, lending.token("USDC"): 2_500_000 * 10**6})
    step = LiquidateStep(
        market=lending.market.pool,
        collateral=lending.token("WETH"),
        debt=lending.token("USDC"),
        borrower=lending.borrower,
        debt_to_cover=10**6,
        collateral_received=1,
    )
    funding = funded(lending, "uniswap", pool, "WETH", "USDC", 10**6)
    assert lab.execute(Route(funding=funding, inner=(step,)))["status"] == "0x0"


def test_gas_of_liquidations(bitcoin_loan: Lending, check_gas: Callable[..., None]) -> None:
    """On warm pools: the second of two, from one pool, two pools, and a flash loan with an outer swap."""
    lending, lab = bitcoin_loan, bitcoin_loan.lab
    weth, wbtc, usdc = lending.token("WETH"), lending.token("WBTC"), lending.token("USDC")
    lab.fund(weth, lab.executor, ETHER)
    lending.crash("WBTC", 48_000 * 10**8)
    bought = lab.pool("v3", {weth: 1_000 * ETHER, usdc: 2_500_000 * 10**6})
    sold = lab.pool("uniswap", {wbtc: 48 * 10**8, weth: 1_000 * ETHER})
    direct = lab.pool("uniswap", {wbtc: 100 * 10**8, usdc: 5_200_000 * 10**6})
    for debt_to_cover in (500 * 10**6, 4_000 * 10**6):
        step = lending.liquidation("WBTC", "USDC", debt_to_cover)
        funding = funded(lending, "v3", bought, "WETH", "USDC", debt_to_cover)
        sale = lab.swap("uniswap", sold, wbtc, weth, step.collateral_received)
        two_pools = Route(funding=funding, inner=(step, sale))
        receipt = lab.execute(two_pools)
        lab.executed(receipt)
    check_gas("liquidation, v3 flash swap, v2 swap of the collateral", two_pools, receipt)
    for debt_to_cover in (500 * 10**6, 4_000 * 10**6):
        step = lending.liquidation("WBTC", "USDC", debt_to_cover)
        funding = funded(lending, "uniswap", direct, "WBTC", "USDC", debt_to_cover)
        outer = lab.swap("uniswap", sold, wbtc, weth, step.collateral_received - funding.amount_in)
        one_pool = Route(funding=funding, inner=(step,), outer=(outer,))
        receipt = lab.execute(one_pool)
        lab.executed(receipt)
    check_gas("liquidation, v2 flash swap, v2 swap of the rest", one_pool, receipt)
    for debt_to_cover in (500 * 10**6, 4_000 * 10**6):
        step = lending.liquidation("WBTC", "USDC", debt_to_cover)
        sale = lab.swap("uniswap", direct, wbtc, usdc, step.collateral_received)
        premium = -(-debt_to_cover * PREMIUM_BPS // 10_000)
        loan = FlashLoan(market=lending.market.pool, token=usdc, amount=debt_to_cover, premium=premium)
        outer = lab.swap("v3", bought, usdc, weth, sale.amount_out - debt_to_cover - premium)
        borrowed = Route(funding=loan, inner=(step, sale), outer=(outer,))
        receipt = lab.execute(borrowed)
        lab.executed(receipt)
    check_gas("liquidation, Aave flash loan, v2 swap, v3 swap of the rest", borrowed, receipt)


def test_gas_of_a_flash_loan(lending: Lending, check_gas: Callable[..., None]) -> None:
    lab = lending.lab
    weth, link = lending.token("WETH"), lending.token("LINK")
    lab.fund(weth, lab.executor, ETHER)
    hops = [
        ("uniswap", lab.pool("uniswap", {weth: 100 * ETHER, link: 22_000 * ETHER})),
        ("v3", lab.pool("v3", {weth: 100 * ETHER, link: 18_000 * ETHER})),
    ]
    for amount in (ETHER // 50, ETHER):
        loan = FlashLoan(market=lending.market.pool, token=weth, amount=amount, premium=amount * PREMIUM_BPS // 10_000)
        route = Route(funding=loan, inner=lab.chained(hops, [weth, link, weth], amount))
        receipt = lab.execute(route)
        lab.executed(receipt)
    check_gas("cycle, Aave flash loan, v2 v3", route, receipt)
