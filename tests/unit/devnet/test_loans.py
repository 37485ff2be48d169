"""Loans drawn from a seed keep within what the lending market allows."""

from tallyio.core.clock import seeded
from tallyio.devnet.deploy.catalog import EMODE, RESERVES
from tallyio.devnet.deploy.loans import draw_loan

BY_SYMBOL = {reserve.symbol: reserve for reserve in RESERVES}


def loans(count: int, **kind: bool) -> list:
    random = seeded(11, "loans")
    return [draw_loan(random, **kind) for _ in range(count)]


def test_debt_is_within_what_collateral_lets_one_borrow():
    for loan in loans(500):
        plans = [EMODE if loan.emode else BY_SYMBOL[symbol] for symbol, _ in loan.collateral]
        limit = sum(value * plan.ltv_bps for (_, value), plan in zip(loan.collateral, plans, strict=True)) // 10_000
        assert 0 < sum(value for _, value in loan.debt) < limit
        assert not {symbol for symbol, _ in loan.debt} & {symbol for symbol, _ in loan.collateral}


def test_health_covers_the_whole_range():
    health = sorted(loan.health_bps for loan in loans(500))
    assert health[0] >= 10_180
    assert health[50] < 10_600
    assert health[-20] > 25_000


def test_risky_loans_are_close_to_liquidation():
    assert max(loan.health_bps for loan in loans(200, risky=True)) <= 11_010


def test_every_kind_of_loan_occurs():
    drawn = loans(300)
    assert {symbol for loan in drawn for symbol, _ in loan.collateral} == set(BY_SYMBOL)
    assert {symbol for loan in drawn for symbol, _ in loan.debt} == set(BY_SYMBOL)
    assert {len(loan.collateral) for loan in drawn} == {1, 2}
    assert {len(loan.debt) for loan in drawn} == {1, 2}
    assert any(loan.emode for loan in drawn)
