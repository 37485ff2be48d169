"""On worlds small enough to try every amount, the check's optimum is the best there is."""

from itertools import permutations

import pytest

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, V3, Pool
from tallyio.core.units import Address
from tallyio.reports.exhaustive import GasModel, Takeable
from tallyio.reports.exhaustive.arbitrage import CycleSearch, Graph
from tallyio.reports.exhaustive.concentrated import Curve
from tallyio.reports.exhaustive.greedy import takeable
from tallyio.reports.exhaustive.lending import WAD, Account, Market, Reserve, liquidate, pairs, totals
from tallyio.reports.exhaustive.liquidations import LiquidationSearch
from tallyio.reports.exhaustive.ticks import sqrt_at
from tallyio.reports.exhaustive.venues import Reserves, States, swap

A, B, WETH = (Address("0x" + c * 40) for c in "abe")
FREE = GasModel(0)


def pair(index: int, token0: Address, token1: Address, fee_pips: int = 3000) -> Pool:
    return Pool(Address(f"0x{index:040x}"), V2, V2, (token0, token1), fee_pips)


def curve_of(tick: int, liquidity: int, ranges: list[tuple[int, int]], spacing: int = 60) -> Curve:
    net: dict[int, int] = {}
    for low, high in ranges:
        net[low], net[high] = net.get(low, 0) + liquidity, net.get(high, 0) - liquidity
    words = dict.fromkeys(range(-8, 9), 0)
    for edge in net:
        words[(edge // spacing) >> 8] |= 1 << (edge // spacing & 255)
    active = liquidity * sum(low <= tick < high for low, high in ranges)
    return Curve(sqrt_at(tick) + 12345, tick, active, words, net)


def small_world(seed: int) -> tuple[list[Pool], States]:
    rng = seeded(seed, "small world")
    tokens = [(A, B), (A, WETH), (B, WETH), (A, WETH)]
    pools = [pair(i + 1, *tokens[i], rng.choice((2500, 3000))) for i in range(4)]
    states: States = {p.address: Reserves(rng.randrange(2000, 6000), rng.randrange(2000, 6000)) for p in pools}
    pools.append(Pool(Address(f"0x{9:040x}"), V3, V3, (B, WETH), 3000, 60))
    states[pools[-1].address] = curve_of(rng.randrange(-2000, 2000), 4000, [(-6000, 6000), (-600, 900)])
    return pools, states


def every_cycle(pools: list[Pool], states: States) -> int:
    """Greatest WETH gain over every cycle of two or three different pools and every input up to 2499. Cycles with
    WETH start in it; the others start in each of their tokens."""

    def out_of(pool: Pool, token: Address, amount: int) -> int:
        return swap(pool, states[pool.address], token, amount)[1]

    best = 0
    for count in (2, 3):
        for path in permutations(pools, count):
            for start in (A, B, WETH):
                token, passed = start, set()
                for pool in path:
                    passed.add(token)
                    if token not in (pool.token0, pool.token1):
                        break
                    token = pool.other(token)
                else:
                    if token == start and (start == WETH or WETH not in passed):
                        best = max(best, *(_gain(path, start, amount, pools, out_of) for amount in range(1, 2500)))
    return best


def _gain(path, start, amount, pools, out_of) -> int:
    token, held = start, amount
    try:
        for pool in path:
            held, token = out_of(pool, token, held), pool.other(token)
        gain = held - amount
        if start == WETH or gain <= 0:
            return gain
        sales = [p for p in pools if {p.token0, p.token1} == {start, WETH} and p not in path]
        return max((out_of(p, start, gain) for p in sales), default=0)
    except ChainDataError:
        return 0


@pytest.mark.parametrize("seed", range(6))
def test_best_cycle_is_the_best_of_all_cycles_and_amounts(seed):
    pools, states = small_world(seed)
    found = CycleSearch(Graph(pools, WETH), states, FREE).best(0)
    assert (found.record.net_wei if found else 0) == every_cycle(pools, states)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_left_when_the_greedy_list_ends(seed):
    """Applied one after the other by plain swaps, the listed trades pay what they say and leave no cycle."""
    pools, states = small_world(seed)
    by_address = {p.address: p for p in pools}
    listed = takeable(Graph(pools, WETH), states, {}, FREE, 0)
    for item in listed:
        gained = _replay(item, by_address, states)
        assert gained == item.gross_wei > 0
    assert every_cycle(pools, states) == 0


def _replay(item: Takeable, by_address: dict[Address, Pool], states: States) -> int:
    """WETH gained by ``item``; ``states`` is changed."""
    token, held = item.token, item.amount
    for step, address in enumerate(item.pools):
        if token == item.token and step:
            held -= item.amount
        _, held, states[address] = swap(by_address[address], states[address], token, held)
        token = by_address[address].other(token)
    return held - item.amount if item.token == WETH else held


def reserve(asset: Address, number: int, price: int) -> Reserve:
    return Reserve(asset, number, 1, 8000, 10500, 1000, True, price, 10**27, 10**27, 10**9)


def test_best_liquidation_is_the_best_of_all_amounts_and_ways():
    """Debt B, collateral A, prices such that one unit is worth ten dollars; every amount and every way is tried."""
    for seed in range(6):
        rng = seeded(seed, "small loan")
        pools, states = small_world(seed)
        market = Market(
            {A: reserve(A, 0, 10 * 10**8), B: reserve(B, 1, 10 * 10**8)},
            {},
            {A: Account(A, 0b0110, 0, {A: rng.randrange(600, 1200)}, {B: rng.randrange(500, 1150)})},
        )
        account = market.accounts[A]
        if totals(market, account)[2] >= WAD:
            continue
        graph, gas = Graph(pools, WETH), FREE
        found = LiquidationSearch(graph, market, gas).best(CycleSearch(graph, states, gas), 0)
        assert (found.record.net_wei if found else 0) == every_liquidation(market, account, pools, states)


def every_liquidation(market: Market, account: Account, pools: list[Pool], states: States) -> int:
    best = 0
    ((collateral, debt),) = pairs(market, account)
    ways = [(p,) for p in pools if {p.token0, p.token1} == {A, B}]
    ways += [
        (p, q) for p in pools for q in pools if {p.token0, p.token1} == {A, WETH} and {q.token0, q.token1} == {B, WETH}
    ]
    for amount in range(1, account.borrowed[B] + 1):
        try:
            done = liquidate(market, account, collateral, debt, amount)
        except ChainDataError:
            continue
        for way in ways:
            after, need, token = dict(states), done.debt_paid, B
            try:
                for pool in reversed(way):
                    token = pool.other(token)
                    need, _, after[pool.address] = swap(pool, after[pool.address], token, need, exact_out=True)
            except ChainDataError:
                continue
            for sale in pools:
                if {sale.token0, sale.token1} == {A, WETH} and done.collateral_received > need:
                    try:
                        got = swap(sale, after[sale.address], A, done.collateral_received - need)[1]
                    except ChainDataError:
                        continue
                    best = max(best, got)
    return best
