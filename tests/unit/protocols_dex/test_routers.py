from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.protocols.dex import routers
from tallyio.protocols.dex.deployments import Router, RouterKind
from tallyio.protocols.dex.intents import Hop, SwapIntent
from tallyio.protocols.dex.routers import decode_call

A, B, C, ME = ("0x" + f"{i:02x}" * 20 for i in (1, 2, 3, 9))
V2ROUTER = Router(Address("0x" + "aa" * 20), RouterKind.V2, v2="uni2")
V3ROUTER = Router(Address("0x" + "bb" * 20), RouterKind.V3, v3="uni3")
ROUTER02 = Router(Address("0x" + "cc" * 20), RouterKind.V3_02, v2="uni2", v3="uni3")
SINGLE = "(address,address,uint24,address,uint256,uint256,uint256,uint160)"
SINGLE_02 = "(address,address,uint24,address,uint256,uint256,uint160)"
DEADLINE = 1_700_000_000


def call(signature: str, *arguments: Any) -> bytes:
    inner = signature[signature.index("(") + 1 : -1]
    types = [inner] if inner.startswith("(") else inner.split(",") if inner else []
    return keccak(text=signature)[:4] + encode(types, arguments)


def hop(protocol: str, a: str, b: str, fee: int | None = None) -> Hop:
    return Hop(protocol, Address(a), Address(b), fee)


TWO_HOPS = (hop("uni2", A, B), hop("uni2", B, C))


@pytest.mark.parametrize(
    ("signature", "arguments", "value", "expected"),
    [
        ("swapExactTokensForTokens(uint256,uint256,address[],address,uint256)", (5, 4, [A, B, C], ME, DEADLINE), 0,
         SwapIntent(TWO_HOPS, 5, 4, False, DEADLINE)),
        ("swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)",
         (5, 4, [A, B, C], ME, DEADLINE), 0, SwapIntent(TWO_HOPS, 5, 4, False, DEADLINE)),
        ("swapExactTokensForETH(uint256,uint256,address[],address,uint256)", (5, 4, [A, B, C], ME, DEADLINE), 0,
         SwapIntent(TWO_HOPS, 5, 4, False, DEADLINE)),
        ("swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)",
         (5, 4, [A, B, C], ME, DEADLINE), 0, SwapIntent(TWO_HOPS, 5, 4, False, DEADLINE)),
        ("swapExactETHForTokens(uint256,address[],address,uint256)", (4, [A, B, C], ME, DEADLINE), 5,
         SwapIntent(TWO_HOPS, 5, 4, False, DEADLINE)),
        ("swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)",
         (4, [A, B, C], ME, DEADLINE), 5, SwapIntent(TWO_HOPS, 5, 4, False, DEADLINE)),
        ("swapTokensForExactTokens(uint256,uint256,address[],address,uint256)", (5, 9, [A, B, C], ME, DEADLINE), 0,
         SwapIntent(TWO_HOPS, 5, 9, True, DEADLINE)),
        ("swapTokensForExactETH(uint256,uint256,address[],address,uint256)", (5, 9, [A, B, C], ME, DEADLINE), 0,
         SwapIntent(TWO_HOPS, 5, 9, True, DEADLINE)),
        ("swapETHForExactTokens(uint256,address[],address,uint256)", (5, [A, B, C], ME, DEADLINE), 9,
         SwapIntent(TWO_HOPS, 5, 9, True, DEADLINE)),
    ],
)  # fmt: skip
def test_router02_of_v2(signature: str, arguments: tuple[Any, ...], value: int, expected: SwapIntent) -> None:
    assert decode_call(V2ROUTER, call(signature, *arguments), value) == (expected,)


def packed(*parts: str | int) -> bytes:
    return b"".join(p.to_bytes(3) if isinstance(p, int) else bytes.fromhex(p[2:]) for p in parts)


V3_HOPS = (hop("uni3", A, B, 500), hop("uni3", B, C, 3000))
V3_CASES = [
    (V3ROUTER, call(f"exactInputSingle({SINGLE})", (A, B, 500, ME, DEADLINE, 5, 4, 77)),
     SwapIntent((hop("uni3", A, B, 500),), 5, 4, False, DEADLINE, 77)),
    (V3ROUTER, call(f"exactOutputSingle({SINGLE})", (A, B, 500, ME, DEADLINE, 5, 9, 0)),
     SwapIntent((hop("uni3", A, B, 500),), 5, 9, True, DEADLINE)),
    (V3ROUTER, call("exactInput((bytes,address,uint256,uint256,uint256))",
                    (packed(A, 500, B, 3000, C), ME, DEADLINE, 5, 4)), SwapIntent(V3_HOPS, 5, 4, False, DEADLINE)),
    (V3ROUTER, call("exactOutput((bytes,address,uint256,uint256,uint256))",
                    (packed(C, 3000, B, 500, A), ME, DEADLINE, 5, 9)), SwapIntent(V3_HOPS, 5, 9, True, DEADLINE)),
    (ROUTER02, call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 77)),
     SwapIntent((hop("uni3", A, B, 500),), 5, 4, False, 0, 77)),
    (ROUTER02, call(f"exactOutputSingle({SINGLE_02})", (A, B, 500, ME, 5, 9, 0)),
     SwapIntent((hop("uni3", A, B, 500),), 5, 9, True)),
    (ROUTER02, call("exactInput((bytes,address,uint256,uint256))", (packed(A, 500, B, 3000, C), ME, 5, 4)),
     SwapIntent(V3_HOPS, 5, 4)),
    (ROUTER02, call("exactOutput((bytes,address,uint256,uint256))", (packed(C, 3000, B, 500, A), ME, 5, 9)),
     SwapIntent(V3_HOPS, 5, 9, True)),
    (ROUTER02, call("swapExactTokensForTokens(uint256,uint256,address[],address)", 5, 4, [A, B, C], ME),
     SwapIntent(TWO_HOPS, 5, 4)),
    (ROUTER02, call("swapTokensForExactTokens(uint256,uint256,address[],address)", 5, 9, [A, B, C], ME),
     SwapIntent(TWO_HOPS, 5, 9, True)),
]  # fmt: skip


@pytest.mark.parametrize(("router", "data", "expected"), V3_CASES)
def test_routers_of_v3(router: Router, data: bytes, expected: SwapIntent) -> None:
    assert decode_call(router, data, 0) == (expected,)


def test_a_multicall_gives_its_swaps_in_order_with_its_deadline_and_least_ether() -> None:
    first = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    second = call("exactInput((bytes,address,uint256,uint256))", (packed(A, 500, B, 3000, C), ME, 6, 1))
    unwrap = call("unwrapWETH9(uint256,address)", 44, ME)
    data = call("multicall(uint256,bytes[])", DEADLINE, [first, second, unwrap, call("refundETH()")])
    one, two = decode_call(ROUTER02, data, 0)
    assert (one.amount, one.limit, one.deadline) == (5, 4, DEADLINE)
    assert (two.amount, two.limit, two.deadline) == (6, 1, DEADLINE), "44 is what both must yield together"
    (alone,) = decode_call(ROUTER02, call("multicall(bytes[])", [second, unwrap]), 0)
    assert alone.limit == 44


def test_multicalls_without_deadline() -> None:
    inner = call(f"exactInputSingle({SINGLE})", (A, B, 500, ME, DEADLINE, 5, 4, 0))
    (only,) = decode_call(V3ROUTER, call("multicall(bytes[])", [inner]), 0)
    assert only.deadline == DEADLINE
    inner = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    (only,) = decode_call(ROUTER02, call("multicall(bytes32,bytes[])", b"\1" * 32, [inner]), 0)
    assert only.deadline == 0


def test_a_multicall_with_a_part_not_known_here_gives_nothing() -> None:
    swap = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    assert decode_call(ROUTER02, call("multicall(bytes[])", [swap, b"\xde\xad\xbe\xef"]), 0) == ()


def test_all_that_the_router_holds_is_no_amount() -> None:
    assert decode_call(ROUTER02, call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 0, 4, 0)), 0) == ()


def test_other_calls_are_no_swaps() -> None:
    assert decode_call(V2ROUTER, call("addLiquidityETH(address,uint256,uint256,uint256,address,uint256)",
                                      A, 1, 1, 1, ME, 1), 0) == ()  # fmt: skip
    assert decode_call(V3ROUTER, b"", 0) == ()


@pytest.mark.parametrize(
    ("router", "data"),
    [
        (V2ROUTER, bytes.fromhex("38ed1739")),
        (V2ROUTER, bytes.fromhex("38ed1739") + b"\xff" * 160),
        (V2ROUTER, call("swapExactETHForTokens(uint256,address[],address,uint256)", 4, [A], ME, 1)),
        (V3ROUTER, call("exactInput((bytes,address,uint256,uint256,uint256))", (packed(A, 500), ME, 1, 5, 4))),
    ],
)
def test_arguments_that_do_not_decode_are_refused(router: Router, data: bytes) -> None:
    with pytest.raises(ChainDataError):
        decode_call(router, data, 0)


def test_selectors_of_harmless_calls() -> None:
    names = (
        "refundETH()", "sweepToken(address,uint256,address)", "sweepToken(address,uint256)", "wrapETH(uint256)",
        "selfPermit(address,uint256,uint256,uint8,bytes32,bytes32)",
        "selfPermitIfNecessary(address,uint256,uint256,uint8,bytes32,bytes32)",
        "selfPermitAllowed(address,uint256,uint256,uint8,bytes32,bytes32)",
        "selfPermitAllowedIfNecessary(address,uint256,uint256,uint8,bytes32,bytes32)",
    )  # fmt: skip
    assert {keccak(text=name)[:4].hex() for name in names} == routers._HARMLESS
