"""Every route survives encoding and decoding, and every damaged byte is noticed or decodes to something else."""

from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.errors import RefusedError
from tallyio.core.pools import V2, V3
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import UINT128_MAX, UINT256_MAX, Address
from tallyio.execution.plan import decode_execute, decode_route, encode_route, execute_calldata

ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda b: Address("0x" + b.hex()))
AMOUNTS = st.integers(1, UINT128_MAX)
FEW = st.sampled_from([Address(f"0x{n:040x}") for n in range(1, 5)])


@st.composite
def swaps(draw: st.DrawFn) -> SwapStep:
    token_in, token_out = draw(st.lists(FEW | ADDRESSES, min_size=2, max_size=2, unique=True))
    return SwapStep(
        pool=draw(ADDRESSES),
        family=draw(st.sampled_from([V2, V3])),
        token_in=token_in,
        token_out=token_out,
        amount_in=draw(st.just(7) | AMOUNTS),
        amount_out=draw(st.just(7) | AMOUNTS),
        fee_pips=0,
        exact_out=draw(st.booleans()),
    )


LIQUIDATIONS = st.builds(
    LiquidateStep,
    market=ADDRESSES,
    collateral=ADDRESSES,
    debt=ADDRESSES,
    borrower=ADDRESSES,
    debt_to_cover=AMOUNTS,
    collateral_received=AMOUNTS,
)
LOANS = st.builds(FlashLoan, market=ADDRESSES, token=ADDRESSES, amount=AMOUNTS, premium=st.integers(0, UINT128_MAX))
STEPS = st.one_of(swaps(), LIQUIDATIONS)


def flash_pool_is_free(route: Route) -> bool:
    pool = route.funding.pool if isinstance(route.funding, SwapStep) else None
    return all(not isinstance(s, SwapStep) or s.pool != pool for s in route.inner)


ROUTES = st.builds(
    Route,
    funding=st.one_of(swaps(), LOANS),
    inner=st.lists(STEPS, min_size=1, max_size=5).map(tuple),
    outer=st.lists(STEPS, max_size=3).map(tuple),
).filter(flash_pool_is_free)


@given(ROUTES, st.integers(0, UINT256_MAX), st.integers(0, UINT256_MAX))
def test_round_trip(route: Route, min_profit_wei: int, bid_wei: int) -> None:
    assert decode_route(encode_route(route)) == route
    call = decode_execute(execute_calldata(route, min_profit_wei, bid_wei))
    assert (call.route, call.min_profit_wei, call.bid_wei) == (route, min_profit_wei, bid_wei)


@given(ROUTES, st.data())
def test_a_changed_byte_never_decodes_to_the_same_route(route: Route, data: st.DataObject) -> None:
    packed = bytearray(encode_route(route))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    try:
        found = decode_route(bytes(packed))
    except RefusedError:
        return
    assert found != route
