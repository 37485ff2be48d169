"""What a sandwich takes, beside one that tries every amount."""

from collections.abc import Sequence

import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.errors import ChainDataError, RefusedError
from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.hot_path.amm import v2
from tallyio.market.market import Market
from tallyio.market.view import MarketView
from tallyio.protocols.dex.intents import Hop, SwapIntent
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.reports.exposure import Exposure, exposures, require_local
from tallyio.reports.sandwich_search import Sandwich

WETH, COIN = Address("0x" + "11" * 20), Address("0x" + "22" * 20)
PAIR = Address("0x" + "aa" * 20)
RESERVES = (60_000, 90_000)


def view(base_fee_wei: int = 0, reserves: tuple[int, int] = RESERVES) -> MarketView:
    market = Market(DexRegistry([]), WETH)
    market.start(
        BlockRef(1, Hash32("0x1"), Hash32("0x0"), 100),
        [Pool(PAIR, V2, "pair", (WETH, COIN), 3000)],
        {PAIR: V2State(*reserves)},
    )
    return market.view(next_base_fee_wei=base_fee_wei, next_timestamp=112)


def buy(amount: int, limit: int, *, exact_out: bool = False) -> SwapIntent:
    return SwapIntent((Hop("pair", WETH, COIN),), amount, limit, exact_out)


def told(intent: SwapIntent, on: MarketView) -> Exposure:
    (one,) = exposures((intent,), on)
    return one


def by_trial(amount: int, limit: int, *, exact_out: bool = False) -> tuple[int, int]:
    """The most that any front takes, and how much a swap without a sandwich moves."""
    a, b = RESERVES
    best = 0
    quoted = v2.amount_in(amount, a, b, 3000) if exact_out else v2.amount_out(amount, a, b, 3000)
    for front in range(1, 40_000):
        got = v2.amount_out(front, a, b, 3000) if front > 1 else 0
        if not got:
            continue
        left_a, left_b = a + front, b - got
        moved = v2.amount_in(amount, left_a, left_b, 3000) if exact_out else v2.amount_out(amount, left_a, left_b, 3000)
        if moved > limit if exact_out else moved < limit:
            break
        paid, out = (moved, amount) if exact_out else (amount, moved)
        best = max(best, v2.amount_out(got, left_b - out, left_a + paid, 3000) - front)
    return best, quoted


@pytest.mark.parametrize("share", [1.0, 0.97, 0.9, 0.5])
@pytest.mark.parametrize("amount", [3_000, 12_000])
def test_no_front_takes_more(amount: int, share: float) -> None:
    limit = int(v2.amount_out(amount, *RESERVES, 3000) * share)
    best, quoted = by_trial(amount, limit)
    one = told(buy(amount, limit), view())
    assert one.quoted == quoted
    assert one.taken >= max(best - 1, 0)  # a staircase: the search may end a step beside the highest
    assert one.left >= limit
    assert one.exposed == (one.taken > 0)


def test_an_exact_output_is_measured_by_what_it_costs() -> None:
    cost = v2.amount_in(15_000, *RESERVES, 3000)
    best, _ = by_trial(15_000, int(cost * 1.05), exact_out=True)
    one = told(buy(15_000, int(cost * 1.05), exact_out=True), view())
    assert one.taken >= best - 1 > 0
    assert cost < one.left <= int(cost * 1.05)
    assert one.limit > one.stopping_limit >= cost


@pytest.mark.parametrize("share", [0.97, 0.5])
def test_the_stopping_limit_stops_it_and_the_next_does_not(share: float) -> None:
    limit = int(v2.amount_out(12_000, *RESERVES, 3000) * share)
    one = told(buy(12_000, limit), view())
    assert one.exposed
    assert one.limit < one.stopping_limit <= one.quoted
    assert not told(buy(12_000, one.stopping_limit), view()).exposed
    assert told(buy(12_000, one.stopping_limit - 1), view()).exposed


def test_gas_protects_small_swaps() -> None:
    limit = int(v2.amount_out(12_000, *RESERVES, 3000) * 0.9)
    free, paid = told(buy(12_000, limit), view()), told(buy(12_000, limit), view(base_fee_wei=1))
    assert free.taken == paid.taken > 0
    assert free.exposed
    assert not paid.exposed
    assert paid.stopping_limit == limit


class Told:
    """A measure that keeps what it is told; big sandwiches use more gas than small ones."""

    def __init__(self) -> None:
        self.quotes: list[int] = []
        self.copies: list[int | None] = []

    def alone(self, intents: tuple[SwapIntent, ...], quotes: Sequence[int]) -> None:
        self.quotes += quotes

    def sandwich(self, intents: tuple[SwapIntent, ...], place: int, told: Sandwich) -> int:
        return 100 + told.front_in // 100

    def front_run(
        self, intents: tuple[SwapIntent, ...], place: int, steps: Sequence[SwapStep], left: int | None
    ) -> None:
        assert steps[0].amount_in == intents[place].amount
        self.copies.append(left)


def test_the_stopping_limit_stops_sandwiches_that_use_less_gas_too() -> None:
    measure = Told()
    limit = int(v2.amount_out(12_000, *RESERVES, 3000) * 0.5)
    (one,) = exposures((buy(12_000, limit),), view(base_fee_wei=1), measure)
    assert one.exposed
    assert one.gas_wei == 100 + one.front_in // 100
    (stopped,) = exposures((buy(12_000, one.stopping_limit),), view(base_fee_wei=1), measure)
    assert not stopped.exposed
    assert stopped.stopping_limit == one.stopping_limit
    assert measure.quotes == [one.quoted, one.quoted]


def test_a_copy_in_front_leaves_what_the_pool_then_gives() -> None:
    out = v2.amount_out(12_000, *RESERVES, 3000)
    behind = v2.amount_out(12_000, RESERVES[0] + 12_000, RESERVES[1] - out, 3000)
    measure = Told()
    for limit, expected in ((behind, behind), (behind + 1, None)):
        (one,) = exposures((buy(12_000, limit),), view(), measure)
        assert one.behind_copy == expected
    assert measure.copies == [behind, None]


def test_a_swap_that_would_revert_is_refused() -> None:
    quoted = v2.amount_out(12_000, *RESERVES, 3000)
    with pytest.raises(ChainDataError, match="past its limit"):
        told(buy(12_000, quoted + 1), view())
    with pytest.raises(ChainDataError, match="deadline"):
        told(SwapIntent((Hop("pair", WETH, COIN),), 12_000, 0, deadline=1), view())


def test_each_swap_of_a_transaction_is_measured_behind_those_before_it() -> None:
    first, second = exposures((buy(12_000, 0), buy(3_000, 0)), view())
    out = v2.amount_out(12_000, *RESERVES, 3000)
    assert first.quoted == out
    assert second.quoted == v2.amount_out(3_000, RESERVES[0] + 12_000, RESERVES[1] - out, 3000)


def test_it_runs_on_local_chains_alone() -> None:
    require_local(31337)
    for chain_id in (1, 10, 56, 8453):
        with pytest.raises(RefusedError, match="local chain alone"):
            require_local(chain_id)
