import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Opportunity, Route, SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.simulation.records import Executed
from tallyio.simulation.validation import BELOW_PREDICTION, FAILED, compare, prove

A, B = Address("0x" + "0a" * 20), Address("0x" + "0b" * 20)
BLOCK = BlockRef(7, Hash32("0x" + "01" * 32), Hash32("0x" + "02" * 32), 100)
STEP = SwapStep(A, "uniswap_v2", A, B, 10, 11, 3000)


def opportunity(gross_wei: int) -> Opportunity:
    return Opportunity("o1", "arbitrage", BLOCK, 8, Route(STEP, (STEP,)), gross_wei, 200_000, (A,))


def executed(success: bool) -> Executed:
    return Executed(success, 210_000, b"", "" if success else "Too little received", (), 0)


@pytest.mark.parametrize(
    ("gained", "refusal"),
    [(500, ""), (501, ""), (499, BELOW_PREDICTION), (0, BELOW_PREDICTION)],
)
def test_one_wei_less_than_predicted_is_refused(gained: int, refusal: str) -> None:
    bid = 120
    proof = prove(
        opportunity(500),
        executed(True),
        weth_before_wei=1000,
        weth_after_wei=1000 + gained - bid,
        bid_wei=bid,
        block=BLOCK,
    )
    found = compare(proof, 200_000)
    assert (proof.gross_wei, proof.predicted_gross_wei, proof.success) == (gained, 500, True)
    assert (found.refusal, found.gross_error_wei, found.gas_error) == (refusal, gained - 500, 10_000)


def test_a_failed_run_gains_nothing_whatever_the_balances_say() -> None:
    proof = prove(opportunity(500), executed(False), weth_before_wei=0, weth_after_wei=900, bid_wei=5, block=BLOCK)
    assert (proof.gross_wei, proof.revert_reason) == (0, "Too little received")
    assert compare(proof, 1).refusal == FAILED
