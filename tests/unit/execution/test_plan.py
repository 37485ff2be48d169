"""What the encoder refuses, which transfers it saves, and what the decoder lets nobody hide."""

import msgspec
import pytest

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.pools import V2, V3
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import Address
from tallyio.execution.plan import decode_execute, decode_route, encode_route, execute_calldata


def account(n: int) -> Address:
    return Address(f"0x{n:040x}")


WETH, USDC, DAI = account(0xA1), account(0xA2), account(0xA3)
POOL_A, POOL_B, POOL_C, AAVE, BORROWER = (account(0xB0 + n) for n in range(5))
FORWARD, PREPAID, EXACT_OUT = 0x20, 0x40, 0x10


def swap(pool: Address, family: str, token_in: Address, token_out: Address, paid: int, got: int) -> SwapStep:
    return SwapStep(
        pool=pool, family=family, token_in=token_in, token_out=token_out, amount_in=paid, amount_out=got, fee_pips=0
    )


def cycle(first: str, second: str, third: str) -> Route:
    return Route(
        funding=swap(POOL_A, first, WETH, USDC, 10, 20),
        inner=(swap(POOL_B, second, USDC, DAI, 20, 30), swap(POOL_C, third, DAI, WETH, 30, 11)),
    )


def heads(packed: bytes) -> list[int]:
    """First bytes of a flash swap and of the plain swaps nested in it."""
    return [packed[0], *(packed[i] for i in range(96, len(packed), 94))]


def test_three_hop_layout_is_the_documented_one() -> None:
    packed = encode_route(cycle(V3, V3, V3))
    assert len(packed) == 96 + 2 * 94
    assert packed[:2] == b"\x04\x00"
    assert packed[2:22].hex() == POOL_A[2:]
    assert packed[22:42].hex() == WETH[2:]
    assert packed[42:62].hex() == USDC[2:]
    assert int.from_bytes(packed[62:78]) == 10
    assert int.from_bytes(packed[78:94]) == 20
    assert int.from_bytes(packed[94:96]) == 188
    assert packed[96:98] == b"\x02\x01"
    assert packed[190:192] == b"\x02\x02"


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        ((V3, V2, V2), [4 | FORWARD, 1 | PREPAID | FORWARD, 1 | PREPAID]),
        ((V2, V2, V2), [3, 1 | FORWARD, 1 | PREPAID]),
        ((V2, V3, V2), [3, 2 | FORWARD, 1 | PREPAID]),
        ((V3, V2, V3), [4 | FORWARD, 1 | PREPAID, 2]),
    ],
)
def test_outputs_go_straight_to_the_next_pair(families: tuple[str, str, str], expected: list[int]) -> None:
    assert heads(encode_route(cycle(*families))) == expected


def test_nothing_is_forwarded_when_amounts_differ() -> None:
    route = Route(funding=swap(POOL_A, V3, WETH, USDC, 10, 21), inner=(swap(POOL_B, V2, USDC, WETH, 20, 11),))
    assert heads(encode_route(route)) == [4, 1]


def test_exact_out_is_a_flag() -> None:
    route = cycle(V3, V3, V3)
    route = msgspec.structs.replace(route, funding=msgspec.structs.replace(route.funding, exact_out=True))
    assert encode_route(route)[0] == 4 | EXACT_OUT
    assert decode_route(encode_route(route)) == route


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
        (Route(funding=swap(POOL_A, "curve", WETH, USDC, 1, 1), inner=cycle(V2, V2, V2).inner), "'curve'"),
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


def test_execute_is_the_canonical_abi_encoding() -> None:
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    route = cycle(V2, V3, V2)
    expected = keccak(text="execute(bytes,uint256,uint256)")[:4] + encode(
        ["bytes", "uint256", "uint256"], [encode_route(route), 5, 6]
    )
    assert execute_calldata(route, 5, 6) == expected
    call = decode_execute(expected)
    assert (call.route, call.min_profit_wei, call.bid_wei) == (route, 5, 6)


PACKED = encode_route(cycle(V3, V2, V3))


@pytest.mark.parametrize(
    ("packed", "complaint"),
    [
        (b"", "empty"),
        (b"\x01" + PACKED[1:], "expected a flash"),
        (b"\x0f" + PACKED[1:], "kind is 15"),
        (PACKED[:-1], "expected at most"),
        (PACKED[:50], "expected at most"),
        (PACKED + b"\x00", "kind is 0"),
        (PACKED + PACKED[96:190], "says it is number 1"),
        (b"\x84" + PACKED[1:], "differ at byte 0"),
        (b"\x04" + PACKED[1:], "differ at byte 0"),
        (PACKED[:1] + b"\x07" + PACKED[2:], "says it is number 7"),
        (PACKED[:62] + bytes(16) + PACKED[78:], "would not be encoded"),
    ],
)
def test_decoder_refuses(packed: bytes, complaint: str) -> None:
    with pytest.raises(RefusedError, match=complaint):
        decode_route(packed)


@pytest.mark.parametrize("damage", [b"\x00", b"\x00" * 32])
def test_decoder_refuses_a_tail(damage: bytes) -> None:
    with pytest.raises(RefusedError, match="canonical"):
        decode_execute(execute_calldata(cycle(V2, V2, V2), 1, 1) + damage)


def test_decoder_refuses_another_function() -> None:
    with pytest.raises(RefusedError, match="selector is 0xa9059cbb"):
        decode_execute(bytes.fromhex("a9059cbb") + bytes(200))


def test_decoder_refuses_a_short_call() -> None:
    with pytest.raises(RefusedError, match="steps take 100 bytes, found 0"):
        decode_execute(execute_calldata(cycle(V2, V2, V2), 1, 1)[:100] + (100).to_bytes(32))
