from collections.abc import Callable
from typing import Any, cast

import pytest
from eth_abi.abi import encode

from tallyio.core.chain import PendingTransaction
from tallyio.core.pools import V2State
from tallyio.core.units import Address
from tallyio.hot_path.amm import v2
from tallyio.protocols.dex.deployments import Router, RouterKind
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.strategies.arbitrage import ArbitrageSettings
from tallyio.strategies.backrun import Backrun

ROUTER = Address("0x" + "aa" * 20)
TRADER = Address("0x" + "99" * 20)
SELL = bytes.fromhex("38ed1739")
DEPTH = (1000 * 10**18, 3 * 10**12)


def strategy(**settings: Any) -> Backrun:
    return Backrun(DexRegistry([], [Router(ROUTER, RouterKind.V2, v2="uni2")]), ArbitrageSettings(**settings))


@pytest.fixture
def victim(pending_call: Any) -> Callable[..., PendingTransaction]:
    def order(made: Any, amount: int, least: int = 0, deadline: int = 2**40, path: Any = None) -> PendingTransaction:
        arguments = (amount, least, path or [made.weth, made.usdc], TRADER, deadline)
        data = SELL + encode(["uint256", "uint256", "address[]", "address", "uint256"], arguments)
        return cast(PendingTransaction, pending_call(TRADER, ROUTER, data))

    return order


@pytest.fixture
def even(made: Any) -> Any:
    """Two pairs at one price: nothing to take until somebody trades. Routers reach the first alone."""
    made.first = made.pair(made.weth, made.usdc, *DEPTH)
    made.second = made.pair(made.weth, made.usdc, *DEPTH, fee_pips=2500)
    return made


def test_a_large_swap_opens_a_trade_behind_it(even: Any, victim: Any) -> None:
    view, order = even.view(), victim(even, 50 * 10**18)
    (best,) = strategy().evaluate(order, view)
    sold = v2.amount_out(50 * 10**18, *DEPTH, 3000)
    after = view.with_states({even.first: V2State(DEPTH[1] - sold, DEPTH[0] + 50 * 10**18)})
    assert best.victim == order
    assert best.pools == (even.second, even.first)
    end = after.after(best.route)
    reserves = end.states[even.first]
    assert isinstance(reserves, V2State)
    assert reserves.reserve1 < DEPTH[0] + 50 * 10**18
    assert best.gross_wei > 10**18


def test_the_victims_limit_is_respected_to_the_wei(even: Any, victim: Any) -> None:
    view = even.view()
    out = v2.amount_out(50 * 10**18, *DEPTH, 3000)
    assert strategy().evaluate(victim(even, 50 * 10**18, least=out), view)
    assert strategy().evaluate(victim(even, 50 * 10**18, least=out + 1), view) == []


def test_the_victims_deadline_is_respected(even: Any, victim: Any) -> None:
    view = even.view()
    assert strategy().evaluate(victim(even, 50 * 10**18, deadline=view.next_timestamp), view)
    assert strategy().evaluate(victim(even, 50 * 10**18, deadline=view.next_timestamp - 1), view) == []


def test_a_small_swap_opens_nothing(even: Any, victim: Any) -> None:
    assert strategy().evaluate(victim(even, 10**16), even.view()) == []


def test_only_trades_through_the_moved_pools_count(even: Any, victim: Any) -> None:
    """A difference elsewhere is the business of plain arbitrage."""
    even.pair(even.weth, even.dai, 1000 * 10**18, 3 * 10**24)
    even.pair(even.weth, even.dai, 1000 * 10**18, 4 * 10**24)
    assert strategy().evaluate(victim(even, 10**16), even.view()) == []
    found = strategy().evaluate(victim(even, 50 * 10**18), even.view())
    assert found
    assert all(even.first in opportunity.pools for opportunity in found)


def test_what_the_victim_leaves_is_told(even: Any, victim: Any) -> None:
    left = strategy().after_victim(victim(even, 10**18), even.view())
    assert left is not None
    view, touched = left
    assert touched == (even.first,)
    assert view.states[even.first] != even.states[even.first]


@pytest.mark.parametrize("path", [("weth", "dai"), ("weth",), ("weth", "usdc", "weth")])
def test_a_victim_whose_effect_cannot_be_told_is_left(even: Any, victim: Any, path: tuple[str, ...]) -> None:
    order = victim(even, 10**18, path=[getattr(even, name) for name in path])
    assert strategy().after_victim(order, even.view()) is None
    assert strategy().evaluate(order, even.view()) == []


def test_calls_of_other_contracts_and_other_events_are_left(even: Any, victim: Any, pending_call: Any) -> None:
    order = victim(even, 50 * 10**18)
    elsewhere, creation = (pending_call(TRADER, to, order.data) for to in (TRADER, None))
    for event in (elsewhere, creation, even.event):
        assert strategy().evaluate(event, even.view()) == []
