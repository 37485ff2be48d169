"""Every route survives encoding and decoding, and damaged bytes are refused or decode to something else."""

from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.pools import V2, V3
from tallyio.core.trade import LOAN_SOURCES, FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import UINT128_MAX, UINT256_MAX, Address
from tallyio.execution.kinds import v4_pool_id
from tallyio.execution.plan import ExecuteCall, Guards, decode_execute, decode_route, encode_route, execute_calldata

ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda b: Address("0x" + b.hex()))
AMOUNTS = st.integers(1, UINT128_MAX)
FEW = st.sampled_from([Address(f"0x{n:040x}") for n in range(1, 5)])


BYTES = st.integers(0, 255)
WORDS = st.binary(min_size=32, max_size=32).map(lambda b: Address("0x" + b.hex()))
NUMBERS = ADDRESSES.map(lambda a: int(a, 16))
FEW_NUMBERS = st.sampled_from([1, 2])
SPACINGS = st.integers(-(1 << 23), (1 << 23) - 1)
KEYS = {
    V2: (ADDRESSES, st.just(())),
    V3: (ADDRESSES, st.just(())),
    "uniswap_v4": (st.none(), st.tuples(FEW_NUMBERS | NUMBERS, st.integers(0, (1 << 24) - 1), SPACINGS, NUMBERS)),
    "balancer_v2": (WORDS, st.tuples(NUMBERS)),
    "balancer_v3": (ADDRESSES, st.tuples(NUMBERS)),
    "curve": (ADDRESSES, st.tuples(st.integers(0, 5), BYTES, BYTES)),
    "liquidity_book": (ADDRESSES, st.tuples(st.integers(0, 1))),
    "convert": (ADDRESSES, st.tuples(st.integers(0, 5))),
}
"""Of each family: the pool's key (None where it follows from the rest), and the detail."""
FLASH = [V2, V3, "uniswap_v4", "balancer_v3"]


@st.composite
def swaps(draw: st.DrawFn, families: list[str]) -> SwapStep:
    token_in, token_out = draw(st.lists(FEW | ADDRESSES, min_size=2, max_size=2, unique=True))
    family = draw(st.sampled_from(families))
    pools, details = KEYS[family]
    pool, detail = draw(pools), draw(details)
    return SwapStep(
        pool=pool or v4_pool_id(token_in, token_out, *detail[1:]),
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
        if "locked" in e.message or "nested" in e.message:
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
