"""The estimate counts what the contract will do: one constant a step, less where a transfer is saved."""

from msgspec.structs import replace

from tallyio.core.pools import V2, V3
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import Address
from tallyio.execution import gas
from tallyio.execution.plan import gas_estimate

A, B, C = (Address(f"0x{n:040x}") for n in (1, 2, 3))
FIRST = SwapStep(Address("0x" + "aa" * 20), V3, A, B, 10, 20, 0)
SECOND = SwapStep(Address("0x" + "bb" * 20), V2, B, A, 20, 11, 0)


def test_a_forwarded_output_saves_a_transfer() -> None:
    route = Route(funding=FIRST, inner=(SECOND,))
    kept = replace(route, inner=(replace(SECOND, amount_in=19),))
    assert gas_estimate(route, with_bid=False) == gas.BASE + gas.V3_FLASH + gas.V2_PREPAID
    assert gas_estimate(kept) - gas_estimate(route) == gas.V2_SWAP - gas.V2_PREPAID


def test_outer_steps_and_bid_count() -> None:
    outer = replace(SECOND, family=V3, token_in=C)
    route = Route(funding=FIRST, inner=(SECOND,))
    more = replace(route, outer=(outer,))
    assert gas_estimate(more) - gas_estimate(route) == gas.V3_SWAP
    assert gas_estimate(route) - gas_estimate(route, with_bid=False) == gas.BID
