"""Every route survives encoding and decoding, and damaged bytes are refused or decode to something else."""

from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.pools import (
    BALANCER_BUFFER,
    BALANCER_V2,
    BALANCER_V3,
    ERC4626,
    LIQUIDITY_BOOK,
    V2,
    V3,
    V4,
    WRAPPED_NATIVE,
    WRAPPED_STAKED,
)
from tallyio.core.trade import LOAN_SOURCES, FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import UINT128_MAX, UINT256_MAX, Address
from tallyio.execution.kinds import buffer_key, v4_pool_id
from tallyio.execution.plan import ExecuteCall, Guards, decode_execute, decode_route, encode_route, execute_calldata

ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda b: Address("0x" + b.hex()))
AMOUNTS = st.integers(1, UINT128_MAX)
FEW = st.sampled_from([Address(f"0x{n:040x}") for n in range(1, 5)])


BYTES = st.integers(0, 255)
WORDS = st.binary(min_size=32, max_size=32).map(int.from_bytes)
NUMBERS = ADDRESSES.map(lambda a: int(a, 16))
FEW_NUMBERS = st.sampled_from([1, 2])
SPACINGS = st.integers(-(1 << 23), (1 << 23) - 1)
KEYS = {
    V2: (),
    V3: (),
    V4: (FEW_NUMBERS | NUMBERS, st.integers(0, (1 << 24) - 1), SPACINGS, NUMBERS),
    BALANCER_V2: (NUMBERS, WORDS),
    BALANCER_V3: (NUMBERS,),
    BALANCER_BUFFER: (NUMBERS, st.none()),
    "curve": (st.integers(0, 5), BYTES, BYTES),
    LIQUIDITY_BOOK: (st.integers(0, 1),),
    WRAPPED_NATIVE: (),
    ERC4626: (),
    WRAPPED_STAKED: (),
}
"""What the detail of each family is made of."""
FLASH = [V2, V3, V4, BALANCER_V3, BALANCER_BUFFER]


@st.composite
def swaps(draw: st.DrawFn, families: list[str]) -> SwapStep:
    token_in, token_out = draw(st.lists(FEW | ADDRESSES, min_size=2, max_size=2, unique=True))
    family, one = draw(st.sampled_from(families)), draw(st.sampled_from([token_in, token_out]))
    detail = draw(st.tuples(*KEYS[family]))
    pool = draw(ADDRESSES)
    if family == V4:
        pool = v4_pool_id(token_in, token_out, *detail[1:])
    elif family == BALANCER_V2:
        pool = Address(f"0x{detail[1].to_bytes(32)[:20].hex()}")
    elif family == BALANCER_BUFFER:
        detail = (detail[0], int(one, 16))
        pool = buffer_key(*detail)
    elif family in (WRAPPED_NATIVE, ERC4626, WRAPPED_STAKED):
        pool = one
    return SwapStep(
        pool=pool,
        family=family,
        token_in=token_in,
        token_out=token_out,
        amount_in=draw(st.just(7) | AMOUNTS),
        amount_out=draw(st.just(7) | AMOUNTS),
        fee_pips=0,
        exact_out=draw(st.booleans()),
        detail=detail,
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
LOANS = st.builds(
    FlashLoan,
    market=FEW | ADDRESSES,
    token=FEW | ADDRESSES,
    amount=st.just(7) | AMOUNTS,
    premium=st.integers(0, UINT128_MAX),
    source=st.sampled_from(LOAN_SOURCES),
    argument=BYTES,
)
STEPS = st.one_of(swaps(list(KEYS)), LIQUIDATIONS)


def encodes(route: Route) -> bool:
    """Not when a pool or manager is to do two things at once."""
    try:
        encode_route(route)
    except BugError as e:
        if any(word in e.message for word in ("locked", "nested", "own tokens")):
            return False
        raise
    return True


ROUTES = st.builds(
    Route,
    funding=st.one_of(swaps(FLASH), LOANS),
    inner=st.lists(STEPS, min_size=1, max_size=4).map(tuple),
    outer=st.lists(STEPS, max_size=2).map(tuple),
    loans=st.lists(LOANS, max_size=1).map(tuple),
).filter(encodes)
WETHS = st.none() | FEW
GUARDS = st.builds(
    Guards,
    block=st.none() | st.integers(0, (1 << 32) - 1),
    parent=st.none() | st.binary(min_size=32, max_size=32),
    expiry=st.none() | st.integers(0, (1 << 40) - 1),
)


@given(ROUTES, st.integers(0, UINT256_MAX), st.integers(0, UINT256_MAX), WETHS, GUARDS)
def test_round_trip(route: Route, min_profit_wei: int, bid_wei: int, weth: Address | None, guards: Guards) -> None:
    assert decode_route(encode_route(route, weth), weth) == route
    call = decode_execute(execute_calldata(route, min_profit_wei, bid_wei, weth=weth, guards=guards), weth)
    assert call == ExecuteCall(route, min_profit_wei, bid_wei, guards)


@given(ROUTES, WETHS, st.data())
def test_a_changed_byte_never_decodes_to_the_same_call(route: Route, weth: Address | None, data: st.DataObject) -> None:
    calldata = bytearray(execute_calldata(route, 1, 2, weth=weth))
    meant = decode_execute(bytes(calldata), weth)
    at = data.draw(st.integers(0, len(calldata) - 1))
    calldata[at] ^= data.draw(st.integers(1, 255))
    try:
        found = decode_execute(bytes(calldata), weth)
    except RefusedError:
        return
    assert found != meant
