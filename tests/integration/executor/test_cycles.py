"""Cycles through real pools: every mix of families pays what the quoters say, to the wei, or changes nothing."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.trade import Route
from tallyio.core.units import ETHER
from tallyio.devnet import abi
from tallyio.devnet.deploy.exchanges import pancake_router
from tallyio.execution.plan import execute_calldata

KINDS = ("uniswap", "pancake", "v3")
MIXES = [(a, b) for a, b in product(KINDS, KINDS) if a != b or a == "v3"]  # a v2 factory has one pair of two tokens
PROPOSER = "0x" + "c0" * 20
V3_PACKAGE = "artifacts/contracts"


def two_hops(lab: Any, first: str, second: str, amount_in: int = 2 * ETHER) -> Route:
    """WETH→A where A is cheap, A→WETH where it is dear."""
    weth, a = lab.weth, lab.tokens[0]
    cheap = lab.pool(first, {weth: 100 * ETHER, a: 220_000 * ETHER})
    dearer = {weth: 100 * ETHER, a: 180_000 * ETHER}
    dear = lab.v3_pool(dearer, fee=500) if second == "v3" else lab.v2_pair(second, dearer)
    funding, inner = lab.chained([(first, cheap), (second, dear)], [weth, a, weth], amount_in)
    return Route(funding=funding, inner=(inner,))


def three_hops(lab: Any, kinds: tuple[str, str, str], amount_in: int = ETHER) -> Route:
    weth, a, b = lab.weth, lab.tokens[0], lab.tokens[1]
    hops = [
        (kinds[0], lab.pool(kinds[0], {weth: 100 * ETHER, a: 200_000 * ETHER})),
        (kinds[1], lab.pool(kinds[1], {a: 300_000 * ETHER, b: 330_000 * ETHER})),
        (kinds[2], lab.pool(kinds[2], {b: 200_000 * ETHER, weth: 105 * ETHER})),
    ]
    funding, *inner = lab.chained(hops, [weth, a, b, weth], amount_in)
    return Route(funding=funding, inner=tuple(inner))


def profit(route: Route) -> int:
    return route.inner[-1].amount_out - route.funding.amount_in


@pytest.mark.parametrize(("first", "second"), MIXES)
def test_two_hops_gain_what_the_quoters_say(lab: Any, first: str, second: str) -> None:
    route = two_hops(lab, first, second)
    expected = profit(route)
    assert expected > 0
    receipt = lab.execute(route, min_profit=expected)
    assert lab.executed(receipt) == (expected, 0)
    assert lab.chain.balance(lab.weth, lab.executor) == expected
    assert lab.chain.balance(lab.tokens[0], lab.executor) == 0


@pytest.mark.parametrize("kinds", [*product(("uniswap", "v3"), repeat=3), ("pancake", "v3", "pancake")])
def test_three_hops_gain_what_the_quoters_say(lab: Any, kinds: tuple[str, str, str]) -> None:
    route = three_hops(lab, kinds)
    expected = profit(route)
    assert expected > 0
    assert lab.executed(lab.execute(route, min_profit=expected)) == (expected, 0)
    assert [lab.chain.balance(t, lab.executor) for t in (lab.weth, *lab.tokens)] == [expected, 0, 0, 0]


@pytest.mark.parametrize(("first", "second"), [("v3", "uniswap"), ("uniswap", "v3")])
def test_exact_out_on_v3_asks_for_the_output_and_pays_at_most_the_input(lab: Any, first: str, second: str) -> None:
    route = two_hops(lab, first, second)
    if first == "v3":
        route = replace(route, funding=replace(route.funding, exact_out=True))
    else:
        route = replace(route, inner=(replace(route.inner[0], exact_out=True),))
    expected = profit(route)
    gained, _ = lab.executed(lab.execute(route, min_profit=expected))
    assert expected <= gained <= expected + 1_000_000  # asking for the output may need a few wei less


def test_profit_of_one_wei_more_than_there_is_reverts_and_changes_nothing(
    lab: Any, state_of: Callable[..., dict[str, int]]
) -> None:
    route = three_hops(lab, ("uniswap", "v3", "uniswap"))
    expected = profit(route)
    pools = [s.pool for s in route.steps]
    before = state_of(*pools)
    assert lab.refusal(route, min_profit=expected + 1) == f"Unprofitable(gained={expected}, required={expected + 1})"
    assert lab.refusal(route, min_profit=expected, bid=1) == f"Unprofitable(gained={expected}, required={expected + 1})"
    assert lab.execute(route, min_profit=expected, bid=1)["status"] == "0x0"
    assert state_of(*pools) == before


def test_a_losing_cycle_cannot_spend_what_the_executor_holds(lab: Any, state_of: Callable[..., dict[str, int]]) -> None:
    lab.fund(lab.weth, lab.executor, 10 * ETHER)
    weth, a = lab.weth, lab.tokens[0]
    hops = [
        ("uniswap", lab.pool("uniswap", {weth: 100 * ETHER, a: 180_000 * ETHER})),
        ("v3", lab.pool("v3", {weth: 100 * ETHER, a: 220_000 * ETHER})),
    ]
    funding, inner = lab.chained(hops, [weth, a, weth], ETHER)
    route = Route(funding=funding, inner=(inner,))
    before = state_of(funding.pool, inner.pool)
    assert profit(route) < 0
    assert lab.refusal(route) == f"Unprofitable(gained={profit(route)}, required=0)"
    assert lab.execute(route)["status"] == "0x0"
    assert state_of(funding.pool, inner.pool) == before


@pytest.mark.parametrize("bid_share", [1, 50, 100])
def test_the_bid_reaches_the_proposer_to_the_wei(lab: Any, bid_share: int) -> None:
    route = two_hops(lab, "uniswap", "v3")
    expected = profit(route)
    bid = expected * bid_share // 100
    before = lab.chain.ether(PROPOSER)
    receipt = lab.execute(route, min_profit=expected - bid, bid=bid)
    assert lab.executed(receipt) == (expected, bid)
    base_fee = int(lab.chain.rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    tips = int(receipt["gasUsed"], 16) * (int(receipt["effectiveGasPrice"], 16) - base_fee)
    assert lab.chain.ether(PROPOSER) - before - tips == bid
    assert lab.chain.balance(lab.weth, lab.executor) == expected - bid
    assert lab.chain.ether(lab.executor) == 0


def test_a_cycle_without_weth_ends_with_the_profit_swapped_into_it(lab: Any) -> None:
    a, b = lab.tokens[:2]
    hops = [
        ("v3", lab.pool("v3", {a: 100_000 * ETHER, b: 110_000 * ETHER})),
        ("uniswap", lab.pool("uniswap", {b: 100_000 * ETHER, a: 105_000 * ETHER})),
    ]
    funding, inner = lab.chained(hops, [a, b, a], 1_000 * ETHER)
    left = inner.amount_out - funding.amount_in
    outer = lab.swap("pancake", lab.pool("pancake", {a: 200_000 * ETHER, lab.weth: 100 * ETHER}), a, lab.weth, left)
    route = Route(funding=funding, inner=(inner,), outer=(outer,))
    assert lab.executed(lab.execute(route, min_profit=outer.amount_out)) == (outer.amount_out, 0)
    assert lab.chain.balance(a, lab.executor) == 0


def test_two_outer_hops(lab: Any) -> None:
    a, b, c = lab.tokens
    hops = [
        ("uniswap", lab.pool("uniswap", {a: 100_000 * ETHER, b: 110_000 * ETHER})),
        ("v3", lab.pool("v3", {b: 100_000 * ETHER, a: 105_000 * ETHER})),
    ]
    funding, inner = lab.chained(hops, [a, b, a], 1_000 * ETHER)
    way_out = [
        ("v3", lab.pool("v3", {a: 100_000 * ETHER, c: 100_000 * ETHER})),
        ("uniswap", lab.pool("uniswap", {c: 200_000 * ETHER, lab.weth: 100 * ETHER})),
    ]
    outer = lab.chained(way_out, [a, c, lab.weth], inner.amount_out - funding.amount_in)
    route = Route(funding=funding, inner=(inner,), outer=outer)
    assert lab.executed(lab.execute(route)) == (outer[-1].amount_out, 0)


def test_a_worse_state_than_predicted_is_named_by_step(lab: Any) -> None:
    route = two_hops(lab, "uniswap", "v3")
    better = route.inner[0].amount_out + 1
    wished = replace(route, inner=(replace(route.inner[0], amount_out=better),))
    assert lab.refusal(wished) == (
        f"InsufficientReceived(place=1, kind=2, expected={better}, found={route.inner[0].amount_out})"
    )


def test_a_pool_that_wants_more_than_stated_is_named_by_step(lab: Any) -> None:
    route = two_hops(lab, "v3", "uniswap")
    funding = replace(route.funding, exact_out=True, amount_in=route.funding.amount_in - 10**9)
    said = lab.refusal(replace(route, funding=funding))
    assert said.startswith(f"Overcharged(place=0, kind=2, expected={funding.amount_in}, found=")


def test_a_token_that_takes_a_fee_is_caught_and_not_paid_for(lab: Any) -> None:
    fee = lab.create("FeeToken", abi.pack("(string,uint8,uint256)", "FEE", 18, 100))
    weth = lab.weth
    hops = [
        ("uniswap", lab.pool("uniswap", {weth: 100 * ETHER, fee: 300_000 * ETHER})),
        ("v3", lab.v3_pool({weth: 100 * ETHER, lab.tokens[0]: 180_000 * ETHER})),
    ]
    first = lab.swap("uniswap", hops[0][1], weth, fee, ETHER)
    route = Route(funding=first, inner=(replace(first, pool=hops[1][1], token_in=fee, token_out=weth),))
    found = first.amount_out - first.amount_out * 100 // 10_000
    assert lab.refusal(route) == (f"InsufficientReceived(place=0, kind=1, expected={first.amount_out}, found={found})")


def test_a_token_that_returns_nothing_trades_like_any_other(lab: Any) -> None:
    usd = lab.create("UsdLikeToken")
    weth = lab.weth
    hops = [
        ("pancake", lab.pool("pancake", {weth: 100 * ETHER, usd: 220_000 * 10**6})),
        ("uniswap", lab.pool("uniswap", {weth: 100 * ETHER, usd: 180_000 * 10**6})),
    ]
    funding, inner = lab.chained(hops, [weth, usd, weth], ETHER)
    route = Route(funding=funding, inner=(inner,))
    assert lab.executed(lab.execute(route, min_profit=profit(route))) == (profit(route), 0)


@pytest.mark.parametrize("kinds", [k for n in (2, 3) for k in product(("uniswap", "v3"), repeat=n)])
def test_gas_of_cycles(lab: Any, check_gas: Callable[..., None], kinds: tuple[str, ...]) -> None:
    """On pools that traded before and an executor that holds WETH, as it is in everyday running."""
    weth, a, b = lab.weth, *lab.tokens[:2]
    lab.fund(weth, lab.executor, ETHER)
    if len(kinds) == 2:
        kinds = (kinds[0], "pancake") if kinds == ("uniswap", "uniswap") else kinds
        cheap, dear = {weth: 100 * ETHER, a: 220_000 * ETHER}, {weth: 100 * ETHER, a: 180_000 * ETHER}
        second = lab.v3_pool(dear, fee=500) if kinds[1] == "v3" else lab.v2_pair(kinds[1], dear)
        pools, path = [lab.pool(kinds[0], cheap), second], [weth, a, weth]
    else:
        between = {a: 300_000 * ETHER, b: 330_000 * ETHER}
        first, last = {weth: 100 * ETHER, a: 200_000 * ETHER}, {b: 200_000 * ETHER, weth: 105 * ETHER}
        pools = [lab.pool(kind, held) for kind, held in zip(kinds, (first, between, last), strict=True)]
        path = [weth, a, b, weth]
    for amount in (ETHER // 50, ETHER // 2):
        funding, *inner = lab.chained(list(zip(kinds, pools, strict=True)), path, amount)
        route = Route(funding=funding, inner=tuple(inner))
        receipt = lab.execute(route)
        lab.executed(receipt)
    check_gas("cycle, " + " ".join("v3" if kind == "v3" else "v2" for kind in kinds), route, receipt)


def test_two_v3_hops_cost_less_than_through_the_router(lab: Any, tabled_gas: Callable[[str, int], None]) -> None:
    """The same pools, states and amounts, for an account that has approved the published SwapRouter before."""
    route = two_hops(lab, "v3", "v3", ETHER)
    warm(lab, route)
    order = abi.pack("(address,address)", lab.factories["v3"], lab.weth)
    router = lab._published("uniswap-v3-periphery", f"{V3_PACKAGE}/SwapRouter.sol/SwapRouter.json", order)
    lab.chain.do(lab.weth, abi.call("approve(address,uint256)", router, 2**256 - 1))
    fees = [lab.chain.ask(step.pool, "fee()").to_bytes(3) for step in route.steps]
    path = b"".join((raw(lab.weth), fees[0], raw(lab.tokens[0]), fees[1], raw(lab.weth)))
    again = requoted(lab, route, "v3", "v3")
    call = (path, lab.chain.owner, 2**40, ETHER, again.inner[0].amount_out)
    data = abi.call("exactInput((bytes,address,uint256,uint256,uint256))", call)
    router_gas = spent(lab, lambda: lab.chain.do(router, data))
    own_gas = spent(lab, lambda: lab.execute(again))
    tabled_gas("router, v3 v3", router_gas)
    assert own_gas < router_gas
    assert len(execute_calldata(again, profit(again), 0, weth=lab.weth)) < 200


def test_two_v2_hops_cost_less_than_through_the_routers(lab: Any, tabled_gas: Callable[[str, int], None]) -> None:
    """Each factory's own router in a transaction of its own. Ours does both hops in one, and lends itself the input:
    it costs less than the two of them even if both fitted into one transaction."""
    route = two_hops(lab, "uniswap", "pancake", ETHER)
    warm(lab, route)
    second = lab.chain.create(
        pancake_router().code(arguments=abi.pack("(address,address)", lab.factories["pancake"], lab.weth))
    )
    again = requoted(lab, route, "uniswap", "pancake")
    for token, router in ((lab.weth, lab.router), (lab.tokens[0], second)):
        lab.chain.do(token, abi.call("approve(address,uint256)", router, 2**256 - 1))
    lab.fund(lab.tokens[0], lab.chain.owner, 1)
    signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"

    def routed() -> Any:
        hops = ((lab.router, again.funding), (second, again.inner[0]))
        return [
            lab.chain.do(
                router,
                abi.call(signature, step.amount_in, step.amount_out, [step.token_in, step.token_out],
                         lab.chain.owner, 2**40),
            )
            for router, step in hops
        ]  # fmt: skip

    router_gas = spent(lab, routed)
    own_gas = spent(lab, lambda: lab.execute(again))
    tabled_gas("routers, v2 v2, two transactions", router_gas)
    assert own_gas < router_gas - 21_000
    assert len(execute_calldata(again, profit(again), 0, weth=lab.weth)) < 200


def raw(address: str) -> bytes:
    return bytes.fromhex(address[2:])


def warm(lab: Any, route: Route) -> None:
    """Each account has held each token, and each pool has traded."""
    lab.fund(lab.weth, lab.executor, ETHER)
    lab.executed(lab.execute(route))


def requoted(lab: Any, route: Route, first: str, second: str) -> Route:
    weth, a = lab.weth, lab.tokens[0]
    hops = [(first, route.funding.pool), (second, route.inner[0].pool)]
    funding, inner = lab.chained(hops, [weth, a, weth], ETHER)
    return Route(funding=funding, inner=(inner,))


def spent(lab: Any, act: Callable[[], Any]) -> int:
    """Gas of one or more transactions that succeed; undone."""
    snapshot = lab.chain.rpc.call("evm_snapshot")
    done = act()
    receipts = done if isinstance(done, list) else [done]
    assert all(receipt["status"] == "0x1" for receipt in receipts)
    lab.chain.rpc.call("evm_revert", snapshot)
    return sum(int(receipt["gasUsed"], 16) for receipt in receipts)
