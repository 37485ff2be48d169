import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Opportunity, Route, SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.simulation.records import Executed
from tallyio.simulation.validation import prove, unproved

A, B = Address("0x" + "0a" * 20), Address("0x" + "0b" * 20)
BLOCK = BlockRef(7, Hash32("0x" + "01" * 32), Hash32("0x" + "02" * 32), 100)
STEP = SwapStep(A, "uniswap_v2", A, B, 10, 11, 3000)


def opportunity(gross_wei: int) -> Opportunity:
    return Opportunity("o1", "arbitrage", BLOCK, 8, Route(STEP, (STEP,)), gross_wei, 200_000, (A,))


def executed(success: bool) -> Executed:
    return Executed(success, 210_000, b"", "" if success else "Too little received", (), 0)


@pytest.mark.parametrize("gained", [500, 501, 499, 0])
def test_a_proof_says_what_was_gained_beside_what_was_predicted(gained: int) -> None:
    proof = prove(opportunity(500), executed(True), gained)
    assert (proof.gross_wei, proof.predicted_gross_wei, proof.success) == (gained, 500, True)
    assert (proof.opportunity_id, proof.gas_used, proof.block) == ("o1", 210_000, BLOCK)


def test_a_failed_run_gains_nothing_whatever_it_is_said_to_have_gained() -> None:
    proof = prove(opportunity(500), executed(False), 905)
    assert (proof.gross_wei, proof.success, proof.revert_reason) == (0, False, "Too little received")


def test_what_could_not_run_is_a_failed_proof() -> None:
    proof = unproved(opportunity(500), "its nonce is gone")
    assert (proof.success, proof.gas_used, proof.gross_wei, proof.predicted_gross_wei) == (False, 0, 0, 500)
    assert (proof.revert_reason, proof.block) == ("its nonce is gone", BLOCK)
