"""Every family of exchanges and every lender through the executor: to the wei, or nothing changes.

Published contracts where a package holds them; Curve, Liquidity Book, dYdX Solo and the first of two Morphos are
stand-ins that have their functions and none of their arithmetic (contracts/test/Market.sol).
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.pools import (
    AERODROME,
    CAMELOT,
    CURVE_NG,
    ERC4626,
    LIQUIDITY_BOOK,
    V2,
    V3,
    VELODROME,
    WRAPPED_NATIVE,
    WRAPPED_STAKED,
    Pool,
    V2State,
)
from tallyio.core.trade import FlashLoan, Route, SwapStep
from tallyio.core.units import ETHER, ZERO_ADDRESS, Address, address
from tallyio.devnet import abi
from tallyio.devnet.deploy.standins import standins
from tallyio.devnet.deploy.wrapped import wrapped_contracts
from tallyio.execution.deploy import creation_data
from tallyio.execution.kinds import RECEIVED, UNDERLYING, UNSIGNED
from tallyio.execution.plan import EXECUTE_SELECTOR, Guards, execute_calldata
from tallyio.protocols.flash_loans import (
    balancer_v2,
    balancer_v3,
    dydx_solo,
    morpho,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
)
from tallyio.protocols.flash_loans.offer import Offer

HUGE = 1 << 120
NATIVE = ZERO_ADDRESS


# ---------------------------------------------------------- concentrated pools


def test_v4_sells_what_another_pool_gave(town: Any, manager: Any) -> None:
    manager.pool(town.weth, 1)
    bought = town.buy()
    half = bought.amount_out
    manager.town.lab.fund(town.a, town.pair, 50 * ETHER)
    town.chain.do(town.pair, abi.call("sync()"))
    bought = town.buy()
    town.exact(Route(funding=bought, inner=(manager.step(town.a, town.weth, bought.amount_out),)))
    assert bought.amount_out > half


def test_v4_opens_a_route(town: Any, manager: Any) -> None:
    manager.pool(town.weth, 2)
    town.opens(manager.step(town.weth, town.a, ETHER))


def test_v4_with_ether(town: Any, manager: Any) -> None:
    """Ether that a pool pays is wrapped, and wrapped ether is unwrapped for a pool."""
    manager.pool(NATIVE, 2)
    got = town.given(Route(funding=manager.step(NATIVE, town.a, ETHER), inner=(town.sell(ETHER),)))
    unwrap = town.step(town.weth, WRAPPED_NATIVE, town.weth, NATIVE, ETHER, ETHER)
    funding = FlashLoan(manager.address, town.a, 1, 0, "uniswap_v4")
    inner = (unwrap, manager.step(NATIVE, town.a, ETHER, got), town.sell(got))
    town.lab.fund(town.weth, town.lab.executor, 2 * ETHER)
    route = Route(funding=funding, inner=inner)
    assert town.tried(route) == inner[-1].amount_out - ETHER
    back = manager.step(town.a, NATIVE, ETHER)
    bought = town.buy()
    back = replace(back, amount_in=bought.amount_out)
    town.lab.fund(town.a, town.pair, 300 * ETHER)
    town.chain.do(town.pair, abi.call("sync()"))
    bought = town.buy()
    said = town.lab.refusal(Route(funding=bought, inner=(replace(back, amount_in=bought.amount_out, amount_out=HUGE),)))
    ether = int(re.search(r"found=(\d+)", said)[1])  # type: ignore[index]
    wrap = town.step(town.weth, WRAPPED_NATIVE, NATIVE, town.weth, ether, ether)
    inner = (replace(back, amount_in=bought.amount_out, amount_out=ether), wrap)
    route = Route(funding=bought, inner=inner)
    assert town.lab.executed(town.lab.execute(route)) == (ether - ETHER, 0)
    assert town.chain.ether(town.lab.executor) == 0


def test_ether_beyond_the_stated_amount_is_earned_too(town: Any, manager: Any) -> None:
    manager.pool(NATIVE, 2)
    town.lab.fund(town.a, town.pair, 300 * ETHER)
    town.chain.do(town.pair, abi.call("sync()"))
    bought = town.buy()
    back = replace(manager.step(town.a, NATIVE, ETHER), amount_in=bought.amount_out)
    said = town.lab.refusal(Route(funding=bought, inner=(replace(back, amount_out=HUGE),)))
    ether = int(re.search(r"found=(\d+)", said)[1])  # type: ignore[index]
    wrap = town.step(town.weth, WRAPPED_NATIVE, NATIVE, town.weth, ether - 7, ether - 7)
    route = Route(funding=bought, inner=(replace(back, amount_out=ether - 7), wrap))
    least = ether - ETHER
    assert town.lab.executed(town.lab.execute(route, least)) == (least, 0)
    assert town.chain.ether(town.lab.executor) == 0


def test_ether_that_lay_here_pays_for_nothing(town: Any, manager: Any) -> None:
    manager.pool(NATIVE, 2)
    town.chain.rpc.call("anvil_setBalance", town.lab.executor, hex(5 * ETHER))
    got = town.given(Route(funding=manager.step(NATIVE, town.a, ETHER), inner=(town.sell(ETHER),)))
    route = Route(funding=manager.step(NATIVE, town.a, ETHER, got), inner=(town.sell(got),))
    assert town.lab.refusal(route) == f"EtherSpent(held={5 * ETHER}, holds={4 * ETHER})"


def test_algebra_in_the_middle_and_as_the_opening(town: Any) -> None:
    a, b = town.lab.tokens[:2]
    make = town.algebra(2)
    out = town.lab.v2_pair("pancake", {b: 100 * ETHER, town.weth: 300 * ETHER})
    bought = town.buy()
    said = town.lab.refusal(Route(funding=bought, inner=(make(a, b, bought.amount_out, HUGE),)))
    got = int(re.search(r"found=(\d+)", said)[1])  # type: ignore[index]
    sale = town.lab.swap("pancake", out, b, town.weth, got)
    town.exact(Route(funding=bought, inner=(make(a, b, bought.amount_out, got), sale)))
    given = town.given(Route(funding=make(b, a, ETHER), inner=(town.sell(ETHER),)))
    back = town.lab.swap("pancake", out, town.weth, b, 2 * ETHER)
    sold = town.sell(given)
    route = Route(funding=make(b, a, ETHER, given), inner=(sold, replace(back, amount_in=ETHER, amount_out=1)))
    assert town.lab.refusal(route).startswith("Unfunded")  # B is not paid for: the loan's price is B


# -------------------------------------------------------------------- Balancer


def test_balancer_v2_sells_what_another_pool_gave(town: Any, vault: Any) -> None:
    make = vault({town.weth: 200 * ETHER, town.a: 100 * ETHER})
    bought = town.buy()
    town.exact(Route(funding=bought, inner=(make(town.a, town.weth, bought.amount_out),)))
    short = replace(make(town.a, town.weth, bought.amount_out), amount_out=HUGE)
    assert "BAL#507" in town.lab.refusal(Route(funding=bought, inner=(short,)))  # its own limit


def test_balancer_v2_forwards_to_a_pair(town: Any, vault: Any) -> None:
    """The vault pays the pair itself."""
    b = town.lab.tokens[1]
    make = vault({town.a: 100 * ETHER, b: 300 * ETHER})
    out = town.lab.v2_pair("pancake", {b: 100 * ETHER, town.weth: 100 * ETHER})
    bought = town.buy()
    funding = replace(bought)
    signature = "queryBatchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[],(address,bool,address,bool))"
    one = make(town.a, b, bought.amount_out)
    steps = [(one.detail[1].to_bytes(32), 0, 1, bought.amount_out, b"")]
    funds = (town.chain.owner, False, town.chain.owner, False)
    deltas = town.chain.ask(vault.address, signature, 0, steps, [town.a, b], funds, returns="(int256[])")
    got = -deltas[1]
    sale = town.lab.swap("pancake", out, b, town.weth, got)
    town.exact(Route(funding=funding, inner=(replace(one, amount_out=got), sale)))


# ------------------------------------------------------- Solidly and stand-ins


@pytest.mark.parametrize("family", [AERODROME, VELODROME, CAMELOT])
def test_solidly_opens_and_sells(town: Any, family: str) -> None:
    contracts = standins("solidly")
    create, kind = town.chain.create, "(bool)"
    if family == CAMELOT:
        made = create(contracts["CamelotFactory"].code(arguments=abi.pack("(address)", town.chain.stranger)))
        town.chain.do(made, abi.call("createPair(address,address)", town.weth, town.a))
        pool = address(town.chain.ask(made, "getPair(address,address)", town.weth, town.a, returns="(address)"))
    else:
        made = create(contracts["SolidlyFactory"].code(arguments=abi.pack(kind, family == AERODROME)))
        receipt = town.chain.do(made, abi.call("createPool(address,address,bool)", town.weth, town.a, False))
        pool = address(receipt["logs"][-1]["data"][26:66])
    for token, amount in ((town.weth, 100 * ETHER), (town.a, 150 * ETHER)):
        town.lab.fund(token, pool, amount)
    town.chain.do(pool, abi.call("mint(address)", town.chain.owner))

    def quoted(token_in: Address, token_out: Address, paid: int) -> SwapStep:
        got = town.chain.ask(pool, "getAmountOut(uint256,address)", paid, token_in)
        return town.step(pool, family, token_in, token_out, paid, got)

    funding = quoted(town.weth, town.a, ETHER)
    way = town.sell(funding.amount_out)
    assert town.tried(Route(funding=funding, inner=(way,))) == way.amount_out - ETHER
    town.lab.fund(town.a, town.pair, 200 * ETHER)
    town.chain.do(town.pair, abi.call("sync()"))
    bought = town.buy()
    last = quoted(town.a, town.weth, bought.amount_out)
    assert town.tried(Route(funding=bought, inner=(last,))) == last.amount_out - ETHER


@pytest.mark.parametrize("variant", [0, UNSIGNED, UNDERLYING, UNDERLYING | UNSIGNED, RECEIVED, RECEIVED | UNSIGNED])
def test_curve_is_called_in_every_way(town: Any, variant: int) -> None:
    pool = town.market(town.a, town.weth)
    bought = town.buy()
    sale = town.step(pool, CURVE_NG, town.a, town.weth, bought.amount_out, 2 * bought.amount_out, (variant, 0, 1))
    town.exact(Route(funding=bought, inner=(sale,)))


def test_curve_trades_what_a_pool_sent_it(town: Any) -> None:
    """A v3 pool pays the Curve pool, which takes no allowance."""
    pool = town.market(town.a, town.weth)
    v3 = town.lab.v3_pool({town.weth: 100 * ETHER, town.a: 100 * ETHER})
    bought = town.lab.swap("v3", v3, town.weth, town.a, ETHER)
    sale = town.step(pool, CURVE_NG, town.a, town.weth, bought.amount_out, 2 * bought.amount_out, (RECEIVED, 0, 1))
    town.exact(Route(funding=bought, inner=(sale,)))


def test_curve_with_ether(town: Any) -> None:
    pool = town.market(NATIVE, town.a, ether=100 * ETHER)
    bought = town.buy()
    half = bought.amount_out // 2
    sale = town.step(pool, CURVE_NG, town.a, NATIVE, bought.amount_out, half, (0, 1, 0))
    wrap = town.step(town.weth, WRAPPED_NATIVE, NATIVE, town.weth, half, half)
    assert town.lab.refusal(Route(funding=bought, inner=(sale, wrap))).startswith("TransferFailed")  # it loses half
    unwrap = town.step(town.weth, WRAPPED_NATIVE, town.weth, NATIVE, ETHER, ETHER)
    doubled = town.step(pool, CURVE_NG, NATIVE, town.a, ETHER, 2 * ETHER, (0, 0, 1))
    way = town.sell(2 * ETHER)
    town.lab.fund(town.weth, town.lab.executor, ETHER)
    lender = town.market(town.weth, town.a)
    loan = FlashLoan(lender, town.weth, ETHER, 0, "morpho")
    route = Route(funding=loan, inner=(unwrap, doubled, way))
    assert town.tried(route) == way.amount_out - ETHER


@pytest.mark.parametrize("first", [True, False])
def test_liquidity_book_trades_what_it_was_sent(town: Any, first: bool) -> None:
    pool = town.market(town.a, town.weth) if first else town.market(town.weth, town.a)
    bought = town.buy()
    got = 2 * bought.amount_out if first else bought.amount_out // 2
    if not first:
        town.lab.fund(town.a, town.pair, 300 * ETHER)
        town.chain.do(town.pair, abi.call("sync()"))
        bought = town.buy()
        got = bought.amount_out // 2
    sale = town.step(pool, LIQUIDITY_BOOK, town.a, town.weth, bought.amount_out, got, (int(first),))
    town.exact(Route(funding=bought, inner=(sale,)))


def test_shares_of_a_vault_are_bought_and_redeemed(town: Any) -> None:
    """At a rate of one, so that nothing is lost on the way."""
    vault = Address(
        town.chain.create(wrapped_contracts()["SavingsVault"].code(arguments=abi.pack("(address,uint8)", town.a, 0)))
    )
    bought, sale = earning(town, ETHER)
    amount = bought.amount_out
    shares = town.step(vault, ERC4626, town.a, vault, amount, amount)
    redeemed = town.step(vault, ERC4626, vault, town.a, amount, amount)
    town.exact(Route(funding=bought, inner=(shares, redeemed, sale)))


def test_staked_ether_is_wrapped_and_unwrapped(town: Any) -> None:
    contracts = wrapped_contracts()
    staked = Address(town.chain.create(contracts["StakedEther"].code()))
    wrapper = Address(town.chain.create(contracts["WrappedStakedEther"].code(arguments=abi.pack("(address)", staked))))
    pools = [town.market(town.a, staked), town.market(staked, town.weth)]
    bought = town.buy()
    amount = 2 * bought.amount_out
    inner = (
        town.step(pools[0], LIQUIDITY_BOOK, town.a, staked, bought.amount_out, amount, (1,)),
        town.step(wrapper, WRAPPED_STAKED, staked, wrapper, amount, amount),
        town.step(wrapper, WRAPPED_STAKED, wrapper, staked, amount, amount),
        town.step(pools[1], CURVE_NG, staked, town.weth, amount, 2 * amount, (0, 0, 1)),
    )
    town.exact(Route(funding=bought, inner=inner))


# --------------------------------------------------------------------- lenders


def lent(town: Any, get: Callable[[str], Any], source: str) -> FlashLoan:
    """Two WETH from a lender of ``source``."""
    amount = 2 * ETHER
    if source == "uniswap_v4":
        manager = get("manager")
        manager.pool(town.weth, 1)
        return FlashLoan(manager.address, town.weth, amount, 0, source)
    if source == "balancer_v2":
        vault = get("vault")
        vault({town.weth: 50 * ETHER, town.a: 50 * ETHER})
        return FlashLoan(vault.address, town.weth, amount, 0, source)
    if source == "balancer_v3":
        return FlashLoan(get("vault3").address, town.weth, amount, 0, source)
    if source == "morpho, published":
        return FlashLoan(get("published_morpho"), town.weth, amount, 0, "morpho")
    if source in ("morpho", "dydx_solo"):
        solo = source == "dydx_solo"
        return FlashLoan(town.market(town.a, town.weth), town.weth, amount, 2 * solo, source, int(solo))
    other = town.lab.tokens[2]
    side = int(town.weth > other)
    if source == "uniswap_v2":
        pool = town.lab.v2_pair("pancake", {town.weth: 50 * ETHER, other: ETHER})
        return FlashLoan(pool, town.weth, amount, -(-amount * 25 // 9975), source, side)
    pool = town.lab.v3_pool({town.weth: 50 * ETHER, other: 50 * ETHER})
    return FlashLoan(pool, town.weth, amount, -(-amount * 3000 // 10**6), source, side)


SOURCES = ["balancer_v2", "uniswap_v2", "uniswap_v3", "uniswap_v4", "morpho", "dydx_solo"]
LENDERS = [*SOURCES, "balancer_v3", "morpho, published"]


def earning(town: Any, amount: int) -> tuple[SwapStep, SwapStep]:
    bought = town.buy(amount)
    pool = town.market(town.a, town.weth)
    return bought, town.step(pool, CURVE_NG, town.a, town.weth, bought.amount_out, 2 * bought.amount_out, (0, 0, 1))


def offered(town: Any, loan: FlashLoan) -> Offer:
    """What the lender's own views say that it lends."""
    token, market = loan.token, loan.market
    if loan.source in ("uniswap_v2", "uniswap_v3"):
        tokens = tuple(sorted((town.weth, town.lab.tokens[2])))
        if loan.source == "uniswap_v2":
            reserves = town.chain.ask(market, "getReserves()", returns="(uint112,uint112,uint32)")[:2]
            pair = uniswap_v2.offer(Pool(market, V2, "v2", tokens, 2500), V2State(*reserves), token)
            assert pair is not None
            return pair
        reading = uniswap_v3.read(Pool(market, V3, "v3", tokens, 3000), token)
    else:
        readers = {"balancer_v2": balancer_v2, "balancer_v3": balancer_v3, "uniswap_v4": uniswap_v4}
        readers |= {"morpho": morpho, "dydx_solo": dydx_solo}
        reading = readers[loan.source].read(market, token)
    calls = next(reading)
    while True:
        sent = [{"to": to, "data": "0x" + data.hex()} for to, data in calls]
        try:
            calls = reading.send([bytes.fromhex(town.chain.rpc.call("eth_call", c, "latest")[2:]) for c in sent])
        except StopIteration as done:
            offer: Offer = done.value
            return offer


@pytest.mark.parametrize("source", LENDERS)
def test_a_loan_costs_what_it_says(town: Any, source: str, request: pytest.FixtureRequest) -> None:
    loan = lent(town, request.getfixturevalue, source)
    offer = offered(town, loan)
    assert offer.available >= loan.amount
    assert offer.loan(loan.amount) == loan
    inner = earning(town, loan.amount)
    gained = inner[-1].amount_out - loan.amount - loan.premium
    route = Route(funding=loan, inner=inner)
    assert town.lab.execute(route, min_profit=gained + 1)["status"] == "0x0"
    assert town.lab.executed(town.lab.execute(route, min_profit=gained)) == (gained, 0)
    assert town.chain.ask(town.weth, "allowance(address,address)", town.lab.executor, loan.market) == 0
    if loan.premium:
        short = replace(route, funding=replace(loan, premium=loan.premium - 1))
        assert town.lab.execute(short)["status"] == "0x0"


def test_loans_nest_in_each_other(town: Any, request: pytest.FixtureRequest) -> None:
    """Six lenders at once, each opened within the one before."""
    first, *others = (lent(town, request.getfixturevalue, source) for source in SOURCES if source != "uniswap_v2")
    whole = first.amount + sum(loan.amount for loan in others)
    inner = earning(town, whole)
    route = Route(funding=first, inner=inner, loans=tuple(others))
    gained = inner[-1].amount_out - whole - first.premium - sum(loan.premium for loan in others)
    assert town.lab.executed(town.lab.execute(route, min_profit=gained)) == (gained, 0)


def test_a_v4_swap_within_a_v4_loan_does_not_unlock_again(town: Any, manager: Any) -> None:
    manager.pool(town.weth, 2)
    got = town.given(Route(funding=manager.step(town.weth, town.a, ETHER), inner=(town.sell(ETHER),)))
    loan = FlashLoan(manager.address, town.weth, ETHER, 0, "uniswap_v4")
    sold = town.sell(got)
    route = Route(funding=loan, inner=(manager.step(town.weth, town.a, ETHER, got), sold))
    assert town.lab.executed(town.lab.execute(route)) == (sold.amount_out - ETHER, 0)


# ------------------------------------------------------------------------- gas


def test_gas_of_algebra(town: Any, tabled_gas: Callable[[str, int], None]) -> None:
    """Beside a v2 pair, in a pool that traded before; the second of two."""
    make = town.algebra(1, town.weth)
    town.lab.fund(town.weth, town.lab.executor, ETHER)
    town.lab.fund(town.a, town.pair, 100 * ETHER)
    town.chain.do(town.pair, abi.call("sync()"))
    for _ in range(2):
        bought = town.buy(ETHER // 10)
        said = town.lab.refusal(Route(funding=bought, inner=(make(town.a, town.weth, bought.amount_out, HUGE),)))
        got = int(re.search(r"found=(\d+)", said)[1])  # type: ignore[index]
        receipt = town.lab.execute(Route(funding=bought, inner=(make(town.a, town.weth, bought.amount_out, got),)))
        assert town.lab.executed(receipt) == (got - bought.amount_in, 0)
    tabled_gas("cycle, v2 algebra", int(receipt["gasUsed"], 16))


BORROWED = ["balancer_v2", "balancer_v3", "uniswap_v2", "uniswap_v3", "uniswap_v4", "morpho, published", "dydx_solo"]


@pytest.mark.parametrize("source", BORROWED)
def test_gas_of_loans(
    town: Any, source: str, request: pytest.FixtureRequest, tabled_gas: Callable[[str, int], None]
) -> None:
    """Of a cycle through a v2 and a v3 pool on money that is borrowed, the second of two."""
    lab = town.lab
    lab.fund(town.weth, lab.executor, ETHER)
    dear = lab.v3_pool({town.weth: 180 * ETHER, town.a: 100 * ETHER})
    loan = lent(town, request.getfixturevalue, source)
    for _ in range(2):
        bought = town.buy(loan.amount)
        inner = (bought, lab.swap("v3", dear, town.a, town.weth, bought.amount_out))
        receipt = lab.execute(Route(funding=loan, inner=inner))
        lab.executed(receipt)
    name = {"dydx_solo": "dydx solo (stand-in)"}.get(source, source.partition(",")[0].replace("_", " "))
    tabled_gas(f"cycle, {name} loan, v2 v3", int(receipt["gasUsed"], 16))


# ---------------------------------------------------------------------- guards


def test_guards_bind_a_call_to_its_block(town: Any) -> None:
    rpc = town.chain.rpc
    route = Route(funding=replace(town.buy()), inner=earning(town, ETHER)[1:])
    head = rpc.call("eth_getBlockByNumber", "latest", False)
    number, time = int(head["number"], 16), int(head["timestamp"], 16)
    parent = bytes.fromhex(head["hash"][2:])

    def sent(guards: Guards) -> str:
        snapshot = rpc.call("evm_snapshot")
        data = execute_calldata(route, 0, 0, weth=town.weth, guards=guards)
        status: str = town.chain.send(town.lab.executor, data)["status"]
        rpc.call("evm_revert", snapshot)
        return status

    assert sent(Guards(block=number + 1)) == "0x1"
    assert sent(Guards(block=number + 2)) == "0x0"
    assert sent(Guards(parent=parent)) == "0x1"
    assert sent(Guards(parent=parent[:31] + bytes((parent[31] ^ 1,)))) == "0x0"
    assert sent(Guards(expiry=time + 12)) == "0x1"
    assert sent(Guards(expiry=time + 11)) == "0x0"
    assert sent(Guards(block=number + 1, parent=parent, expiry=time + 12)) == "0x1"


def test_a_second_run_in_one_transaction_is_refused(lab: Any) -> None:
    """Else it could spend what the first one earned and left."""
    owner = lab.create("ContractOwner")
    lab.chain.do(owner, abi.call("create(bytes)", creation_data(lab.weth)))
    run = EXECUTE_SELECTOR + bytes(3)
    lab.chain.do(owner, abi.call("relay(bytes)", run))
    assert lab.chain.refusal(owner, abi.call("relayTwice(bytes)", run)) == "Locked()"
