"""Families without compiled rows take part in the search: found by their float curves, decided by their exact swaps."""

from typing import Any

import pytest

from tallyio.core.pools import V4, Pool, V3State
from tallyio.core.trade import SwapStep
from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.market.graph import GraphBuilder
from tallyio.protocols.dex.uniswap_v4 import V4State, V4Terms
from tallyio.strategies.base import GasModel
from tallyio.strategies.search import CycleSearch

DEPTH = 10**24
TICKS = V3State(2**96, 0, DEPTH, (-6000, 6000), (DEPTH, -DEPTH), (DEPTH, DEPTH))


def v4(made: Any, a: Address, b: Address, fee: int) -> Address:
    ends = sorted((a, b), key=lambda token: int(token, 16))
    address = Address(f"0x{0xF400 + len(made.pools):064x}")
    home = Address("0x" + "44" * 20)
    terms = V4Terms(fee, ZERO_ADDRESS)
    made.pools[address] = Pool(address, V4, "v4", (ends[0], ends[1]), fee, 60, home, terms)
    made.states[address] = V4State(TICKS, fee)
    return address


@pytest.mark.parametrize("drift", [0.97, 1.03])
def test_a_cycle_through_a_v4_pool_is_found_and_exact(made: Any, drift: float) -> None:
    weth, coin = made.market().weth, Address("0x" + "c0" * 20)
    pair = made.pair(weth, coin, 10**22, int(10**22 * drift), 3000)
    pool = v4(made, weth, coin, 500)
    view = made.view()
    (found,) = CycleSearch(GasModel()).best(view, 0, 4)
    steps = [found.route.funding, *found.route.inner]
    assert {step.pool for step in steps if isinstance(step, SwapStep)} == {pair, pool}
    left = view.after(found.route)
    again = CycleSearch(GasModel()).best(left, 0, 4)
    assert not again
    more = _profit(view, found, 1.001), _profit(view, found, 0.999)
    assert found.gross_wei >= max(more)


def _profit(view: Any, found: Any, scale: float) -> int:
    """The same cycle with another input, the funding's own."""
    steps = [found.route.funding, *found.route.inner]
    start = next(i for i, step in enumerate(steps) if step.token_in == view.weth)
    amount = first = int(steps[start].amount_in * scale)
    for step in (*steps[start:], *steps[:start]):
        edges = view.graph.edges_of(view.pools[step.pool])
        edge = next(e for e in range(edges.start, edges.stop) if view.graph.token_sold(e) == step.token_in)
        amount = view.exchange(edge).output_of(amount)
    return amount - first


def test_a_pool_of_three_tokens_is_three_pairs_of_one_state() -> None:
    a, b, c = (Address(f"0x{i:040x}") for i in (1, 2, 3))
    builder = GraphBuilder(a)
    builder.add(Pool(Address("0x10"), "any", "any", (a, b), 3000))
    builder.add(Pool(Address("0x11"), "any", "any", (a, b, c), 3000))
    graph = builder.graph
    assert [pool.address for pool in graph.pools] == ["0x10", "0x11", "0x11", "0x11"]
    assert list(graph.sides) == [(a, b), (a, b), (a, c), (b, c)]
    assert graph.edges_of(graph.pools[2]) == slice(2, 8)
    assert (graph.token_sold(7), graph.token_bought(7)) == (c, b)
    assert set(graph.into_weth) == {b, c}
