"""Fees and direct payments."""

from typing import Any

from tallyio.core.units import Address
from tallyio.inspection.activity import NATIVE, Transfer
from tallyio.inspection.payment import payment

PROPOSER, OTHER = Address("0x" + "99" * 20), Address("0x" + "77" * 20)


def test_priority_fee_and_direct_transfers_reach_the_proposer(tx: Any, block: Any) -> None:
    sent = (
        Transfer(0, NATIVE, OTHER, PROPOSER, 4_000),
        Transfer(1, NATIVE, OTHER, PROPOSER, 9_000, reverted=True),
        Transfer(2, NATIVE, OTHER, OTHER, 5),
    )
    paid = payment(block(), tx(0, transfers=sent))
    assert (paid.gas_fee, paid.priority_fee, paid.direct) == (700, 200, 4_000)
    assert (paid.to_proposer, paid.cost) == (4_200, 4_700)


def test_where_the_coin_is_not_seen_nothing_is_claimed(tx: Any, block: Any) -> None:
    paid = payment(block(native_seen=False), tx(0))
    assert (paid.priority_fee, paid.direct, paid.to_proposer, paid.cost) == (200, None, None, None)
