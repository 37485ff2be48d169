"""What the encoder refuses, which transfers it saves, and what the decoder lets nobody hide."""

import msgspec
import pytest

from tallyio.chains.keccak import keccak256
from tallyio.core.errors import BugError, RefusedError
from tallyio.core.pools import V2, V3
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import Address
from tallyio.execution.artifact import executor_artifact
from tallyio.execution.kinds import kind_of
from tallyio.execution.plan import (
    EXECUTE_SELECTOR,
    ExecuteCall,
    Guards,
    decode_execute,
    decode_route,
    encode_route,
    execute_calldata,
)
from tallyio.execution.steps import EXACT_OUT, FORWARD, INNER, PREPAID, SAME, TOKEN_IN, WETH_OUT
from tallyio.wallet.policy import EXECUTE


def account(n: int) -> Address:
    return Address(f"0x{n:040x}")


WETH, USDC, DAI = account(0xA1), account(0xA2), account(0xA3)
POOL_A, POOL_B, POOL_C, AAVE, BORROWER = (account(0xB0 + n) for n in range(5))


def swap(pool: Address, family: str, token_in: Address, token_out: Address, paid: int, got: int) -> SwapStep:
    return SwapStep(
        pool=pool, family=family, token_in=token_in, token_out=token_out, amount_in=paid, amount_out=got, fee_pips=0
    )


def cycle(first: str, second: str, third: str) -> Route:
    return Route(
        funding=swap(POOL_A, first, WETH, USDC, 10, 20),
        inner=(swap(POOL_B, second, USDC, DAI, 20, 30), swap(POOL_C, third, DAI, WETH, 30, 11)),
    )


def heads(route: Route) -> list[tuple[int, int]]:
    """Kind and flags (without those that leave something out) of a flash swap and of what is nested in it."""
    packed = encode_route(route, WETH)
    found = []
    for step in route.steps:
        at = packed.index(bytes.fromhex(step.pool[2:])) - 4
        found.append((packed[at], packed[at + 1] & ~(TOKEN_IN | WETH_OUT | SAME)))
    return found


def test_three_hop_layout_is_the_documented_one() -> None:
    packed = encode_route(cycle(V3, V3, V3), WETH)
    pools = [bytes.fromhex(pool[2:]) for pool in (POOL_A, POOL_B, POOL_C)]
    second = bytes((2, SAME, 1, 0)) + pools[1] + bytes.fromhex(DAI[2:]) + b"\x1e"
    third = bytes((2, SAME | WETH_OUT, 2, 0)) + pools[2] + b"\x0b"
    nested = second + third
    first = bytes((2, INNER, 0, 0)) + pools[0] + bytes.fromhex(USDC[2:]) + b"\x0a\x14" + len(nested).to_bytes(2)
    assert packed == first + nested


def test_without_wrapped_ether_every_address_is_spelled_out() -> None:
    route = cycle(V3, V3, V3)
    packed = encode_route(route)
    assert len(packed) == len(encode_route(route, WETH)) + 40
    assert decode_route(packed) == route
    with pytest.raises(RefusedError, match="not known here"):
        decode_route(encode_route(route, WETH))


@pytest.mark.parametrize("family", [V2, V3])
def test_a_two_hop_call_is_short(family: str) -> None:
    """With amounts of sixteen bytes, a profit and a bid of twelve; 41 more with every guard."""
    big = 1 << 127
    route = Route(
        funding=swap(POOL_A, family, WETH, USDC, big, big + 1), inner=(swap(POOL_B, family, USDC, WETH, big, big + 2),)
    )
    guards = Guards(block=1 << 31, parent=bytes(32), expiry=1 << 39)
    assert len(execute_calldata(route, 1 << 95, 1 << 95, weth=WETH)) == 165
    assert len(execute_calldata(route, 1 << 60, 1 << 60, weth=WETH, guards=guards)) == 165 - 8 + 41


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        ((V3, V2, V2), [(2, INNER | FORWARD), (1, PREPAID | FORWARD), (1, PREPAID)]),
        ((V2, V2, V2), [(1, INNER), (1, FORWARD), (1, PREPAID)]),
        ((V2, V3, V2), [(1, INNER), (2, FORWARD), (1, PREPAID)]),
        ((V3, V2, V3), [(2, INNER | FORWARD), (1, PREPAID), (2, 0)]),
    ],
)
def test_outputs_go_straight_to_the_next_pair(families: tuple[str, str, str], expected: list[tuple[int, int]]) -> None:
    assert heads(cycle(*families)) == expected


def test_nothing_is_forwarded_when_amounts_differ() -> None:
    route = Route(funding=swap(POOL_A, V3, WETH, USDC, 10, 21), inner=(swap(POOL_B, V2, USDC, WETH, 20, 11),))
    assert heads(route) == [(2, INNER), (1, 0)]


def test_exact_out_is_a_flag() -> None:
    route = cycle(V3, V3, V3)
    route = msgspec.structs.replace(route, funding=msgspec.structs.replace(route.funding, exact_out=True))
    assert heads(route)[0] == (2, INNER | EXACT_OUT)
    assert decode_route(encode_route(route)) == route


def test_a_family_is_packed_as_the_one_that_is_called_in_the_same_way() -> None:
    route = cycle("algebra", "aerodrome", "pancakeswap_v3")
    assert encode_route(route) == encode_route(cycle(V3, V2, V3))
    assert kind_of("curve_stable_ng") == kind_of("curve")


def test_a_v4_pool_is_its_key() -> None:
    key = (int(AAVE, 16), 3000, 60, 0)
    step = msgspec.structs.replace(swap(POOL_A, "uniswap_v4", WETH, USDC, 1, 1), detail=key)
    with pytest.raises(BugError, match=r"expected 0x[0-9a-f]{64}, as"):
        encode_route(Route(funding=step, inner=cycle(V2, V2, V2).inner))


def test_liquidation_inside_a_flash_loan_round_trips() -> None:
    route = Route(
        funding=FlashLoan(market=AAVE, token=USDC, amount=1000, premium=1),
        inner=(
            LiquidateStep(
                market=AAVE, collateral=WETH, debt=USDC, borrower=BORROWER, debt_to_cover=1000, collateral_received=7
            ),
            swap(POOL_A, V2, WETH, USDC, 6, 1001),
        ),
        outer=(swap(POOL_B, V3, DAI, WETH, 1, 1),),
    )
    assert decode_route(encode_route(route)) == route


@pytest.mark.parametrize(
    ("route", "complaint"),
    [
        (Route(funding=swap(POOL_A, V2, WETH, USDC, 1, 1), inner=()), "no inner steps"),
        (Route(funding=swap(POOL_A, "order_book", WETH, USDC, 1, 1), inner=cycle(V2, V2, V2).inner), "'order_book'"),
        (Route(funding=swap(WETH, "erc4626", WETH, USDC, 1, 1), inner=cycle(V2, V2, V2).inner), "nothing before"),
        (Route(funding=swap(POOL_A, V2, WETH, WETH, 1, 1), inner=cycle(V2, V2, V2).inner), "expected two tokens"),
        (Route(funding=swap(POOL_A, V2, WETH, USDC, 1 << 128, 1), inner=cycle(V2, V2, V2).inner), "2\\*\\*128 - 1"),
        (Route(funding=swap(POOL_A, V2, WETH, USDC, 0, 1), inner=cycle(V2, V2, V2).inner), "amount_in is 0"),
        (Route(funding=swap(Address("0x12"), V2, WETH, USDC, 1, 1), inner=cycle(V2, V2, V2).inner), "20 bytes"),
        (Route(funding=swap(POOL_B, V2, WETH, USDC, 1, 1), inner=cycle(V2, V2, V2).inner), "locked"),
        (Route(funding=swap(POOL_A, V2, WETH, USDC, 1, 1), inner=cycle(V2, V2, V2).inner * 128), "at most 256"),
    ],
)
def test_encoder_refuses(route: Route, complaint: str) -> None:
    with pytest.raises(BugError, match=complaint):
        encode_route(route)


def test_execute_refuses_negative_money() -> None:
    with pytest.raises(BugError, match="bid_wei is -1"):
        execute_calldata(cycle(V2, V2, V2), 0, -1)


def test_the_selectors_are_those_of_the_contract() -> None:
    names = {item["name"]: item for item in executor_artifact().abi if item["type"] == "function"}
    assert keccak256(b"execute()")[:4] == EXECUTE_SELECTOR == EXECUTE
    assert names["execute"]["inputs"] == []


def test_the_terms_of_a_call_come_first() -> None:
    route = cycle(V2, V3, V2)
    guards = Guards(block=7, parent=bytes(31) + b"\x09", expiry=8)
    expected = bytes((7, 1, 2)) + b"\x05" + b"\x01\x00" + bytes((0, 0, 0, 7)) + guards.parent + bytes((0, 0, 0, 0, 8))
    calldata = execute_calldata(route, 5, 256, guards=guards)
    assert calldata == EXECUTE_SELECTOR + expected + encode_route(route)
    assert decode_execute(calldata) == ExecuteCall(route, 5, 256, guards)


@pytest.mark.parametrize(
    ("guards", "complaint"),
    [
        (Guards(block=-1), "block is -1"),
        (Guards(block=1 << 32), "2\\*\\*32"),
        (Guards(parent=b"\x01"), "has 1 bytes"),
        (Guards(expiry=1 << 40), "expiry"),
    ],
)
def test_guards_that_cannot_be_said_are_refused(guards: Guards, complaint: str) -> None:
    with pytest.raises(BugError, match=complaint):
        execute_calldata(cycle(V2, V2, V2), 0, 0, guards=guards)


PACKED = encode_route(cycle(V3, V2, V3))


@pytest.mark.parametrize(
    ("packed", "complaint"),
    [
        (b"", "empty"),
        (PACKED[:1] + bytes((PACKED[1] & ~INNER,)) + PACKED[2:], "expected a flash"),
        (b"\x0f" + PACKED[1:], "kind is 15"),
        (PACKED[:-1], "expected at most"),
        (PACKED[:50], "expected at most"),
        (PACKED + b"\x00", "kind is 0"),
        (PACKED + PACKED, "says it is number 0"),
        (PACKED[:1] + bytes((PACKED[1] | EXACT_OUT | PREPAID,)) + PACKED[2:], "differ at byte 1"),
        (PACKED[:1] + bytes((PACKED[1] & ~FORWARD,)) + PACKED[2:], "differ at byte 1"),
        (PACKED[:2] + b"\x07" + PACKED[3:], "says it is number 7"),
    ],
)
def test_decoder_refuses(packed: bytes, complaint: str) -> None:
    with pytest.raises(RefusedError, match=complaint):
        decode_route(packed)


@pytest.mark.parametrize("size", [4, 5, 6, 7, 8])
def test_decoder_refuses_a_short_call(size: int) -> None:
    with pytest.raises(RefusedError):
        decode_execute(execute_calldata(cycle(V2, V2, V2), 1, 1)[:size])


def test_decoder_refuses_a_profit_with_leading_zeros() -> None:
    calldata = execute_calldata(cycle(V2, V2, V2), 1, 1)
    longer = calldata[:5] + b"\x02" + calldata[6:7] + b"\x00" + calldata[7:]
    with pytest.raises(RefusedError, match="canonical"):
        decode_execute(longer)


@pytest.mark.parametrize("damage", [b"\x00", b"\x00" * 32])
def test_decoder_refuses_a_tail(damage: bytes) -> None:
    with pytest.raises(RefusedError, match="kind is 0"):
        decode_execute(execute_calldata(cycle(V2, V2, V2), 1, 1) + damage)


def test_decoder_refuses_another_function() -> None:
    with pytest.raises(RefusedError, match="selector is 0xa9059cbb"):
        decode_execute(bytes.fromhex("a9059cbb") + bytes(200))
