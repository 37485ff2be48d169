"""Whatever the numbers: what the gate approves leaves the minimum after gas and bid, and stays within every budget."""

from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.chain import BlockRef
from tallyio.core.pools import V2
from tallyio.core.trade import Opportunity, Proof, Route, SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.journal.records import BreakerState, PredictionError
from tallyio.risk.gate import decide
from tallyio.risk.limits import Exposure, Limits, Prices
from tallyio.risk.margin import Margin, margin
from tallyio.risk.reasons import Reason

WETH, COIN, POOL = (Address("0x" + f"{i:02x}" * 20) for i in range(1, 4))
BLOCK = BlockRef(1, Hash32("0x1"), Hash32("0x0"), 1)
wei = st.integers(0, 2**70)
limits = st.builds(
    Limits,
    min_profit_wei=wei,
    bid_share_bps=st.integers(0, 10_000),
    max_bid_share_bps=st.integers(0, 10_000),
    max_gas_per_trade=st.integers(1, 10**7),
    max_gas_cost_per_trade_wei=st.integers(1, 2**70),
    max_gas_cost_per_block_wei=st.integers(1, 2**70),
    max_position_wei=st.integers(1, 2**70),
    simulation_tolerance_bps=st.integers(0, 10_000),
)
errors = st.builds(PredictionError, st.integers(-(10**6), 10**6), st.integers(-(2**60), 2**60))


@given(
    limits=limits,
    gross=wei,
    predicted=wei,
    gas=st.integers(21_000, 10**7),
    price=st.integers(0, 10**12),
    loan=wei,
    committed=wei,
    success=st.booleans(),
    proved=st.booleans(),
    margin=st.just(Margin()) | st.builds(Margin, st.integers(0, 10**6), wei),
)
def test_approval_means_that_every_limit_holds(
    limits: Limits,
    gross: int,
    predicted: int,
    gas: int,
    price: int,
    loan: int,
    committed: int,
    success: bool,
    proved: bool,
    margin: Margin,
) -> None:
    swap = SwapStep(POOL, V2, WETH, COIN, loan, 1, 3000)
    found = Opportunity("o", "s", BLOCK, 2, Route(swap, (swap,)), gross, gas, (POOL,))
    proof = Proof("o", success, gas, gross, predicted, "", BLOCK) if proved else None
    decision = decide(found, proof, Exposure(1, committed, margin=margin), limits, BreakerState(), Prices(price, WETH))

    cost = gas * price
    net = gross - cost - decision.bid_wei
    holds = [
        net >= limits.min_profit_wei + margin.gas * price + margin.gross_wei,
        cost <= limits.max_gas_cost_per_trade_wei,
        cost + committed <= limits.max_gas_cost_per_block_wei,
        gas <= limits.max_gas_per_trade,
        loan <= limits.max_position_wei,
        decision.bid_wei * 10_000 <= limits.max_bid_share_bps * max(gross - cost, 0),
    ]
    if proof is not None:
        holds += [success, gross * 10_000 >= predicted * (10_000 - limits.simulation_tolerance_bps)]
    assert decision.min_profit_wei == cost + margin.gas * price + limits.min_profit_wei
    if decision.approved:
        assert all(holds)
        assert decision.reason == ""
        assert gross >= decision.min_profit_wei + decision.bid_wei, "the executor's own demand is met"
    else:
        assert decision.reason in set(Reason)
        assert decision.bid_wei <= max(gross - cost, 0)


@given(st.lists(errors, max_size=40), st.integers(1, 40), st.integers(50, 100))
def test_a_margin_covers_its_share_of_the_newest_errors_and_is_one_of_them(
    seen: list[PredictionError], samples: int, percentile: int
) -> None:
    found = margin(seen, samples, percentile)
    newest = seen[-samples:]
    if len(seen) < samples:
        assert found == Margin()
        return
    assert 100 * sum(error.gas <= found.gas for error in newest) >= percentile * samples
    assert 100 * sum(-error.gross_wei <= found.gross_wei for error in newest) >= percentile * samples
    assert found.gas in {0, *(error.gas for error in newest)}
    assert found.gross_wei in {0, *(-error.gross_wei for error in newest)}
    assert found.gas >= 0
    assert found.gross_wei >= 0
