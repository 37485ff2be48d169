from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.protocols.dex.deployments import Router, RouterKind
from tallyio.protocols.dex.intents import Hop, SwapIntent
from tallyio.protocols.dex.registry import DexRegistry

A, B, C, ME = ("0x" + f"{i:02x}" * 20 for i in (1, 2, 3, 9))
V2ROUTER = Router(Address("0x" + "aa" * 20), RouterKind.V2, v2="uni2")
V3ROUTER = Router(Address("0x" + "bb" * 20), RouterKind.V3, v3="uni3")
ROUTER02 = Router(Address("0x" + "cc" * 20), RouterKind.V3_02, v2="uni2", v3="uni3")
UNIVERSAL = Router(Address("0x" + "dd" * 20), RouterKind.UNIVERSAL, v2="uni2", v3="uni3")
REGISTRY = DexRegistry([], [V2ROUTER, V3ROUTER, ROUTER02, UNIVERSAL])
SINGLE = "(address,address,uint24,address,uint256,uint256,uint256,uint160)"
SINGLE_02 = "(address,address,uint24,address,uint256,uint256,uint160)"
DEADLINE = 1_700_000_000


def call(signature: str, *arguments: Any) -> bytes:
    inner = signature[signature.index("(") + 1 : -1]
    types = [inner] if inner.startswith("(") else inner.split(",") if inner else []
    return keccak(text=signature)[:4] + encode(types, arguments)


@pytest.fixture
def swaps(pending_call: Any) -> Callable[..., tuple[SwapIntent, ...]]:
    """``(router, data, value_wei)`` → the swaps that the registry reads in such a call."""

    def read(router: Router, data: bytes, value_wei: int = 0) -> tuple[SwapIntent, ...]:
        return REGISTRY.intents(pending_call(Address(ME), router.address, data, value_wei))

    return read


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
def test_router02_of_v2(
    swaps: Any, signature: str, arguments: tuple[Any, ...], value: int, expected: SwapIntent
) -> None:
    assert swaps(V2ROUTER, call(signature, *arguments), value) == (expected,)


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
     SwapIntent((hop("uni3", A, B, 500),), 5, 4, False, None, 77)),
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
def test_routers_of_v3(swaps: Any, router: Router, data: bytes, expected: SwapIntent) -> None:
    assert swaps(router, data) == (expected,)


def test_a_multicall_gives_its_swaps_in_order_with_its_deadline_and_least_ether(swaps: Any) -> None:
    first = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    second = call("exactInput((bytes,address,uint256,uint256))", (packed(A, 500, B, 3000, C), ME, 6, 1))
    unwrap = call("unwrapWETH9(uint256,address)", 44, ME)
    data = call("multicall(uint256,bytes[])", DEADLINE, [first, second, unwrap, call("refundETH()")])
    one, two = swaps(ROUTER02, data, 0)
    assert (one.amount, one.limit, one.deadline) == (5, 4, DEADLINE)
    assert (two.amount, two.limit, two.deadline) == (6, 1, DEADLINE), "44 is what both must yield together"
    (alone,) = swaps(ROUTER02, call("multicall(bytes[])", [second, unwrap]), 0)
    assert alone.limit == 44


def test_multicalls_without_deadline(swaps: Any) -> None:
    inner = call(f"exactInputSingle({SINGLE})", (A, B, 500, ME, DEADLINE, 5, 4, 0))
    (only,) = swaps(V3ROUTER, call("multicall(bytes[])", [inner]), 0)
    assert only.deadline == DEADLINE
    inner = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    (only,) = swaps(ROUTER02, call("multicall(bytes32,bytes[])", b"\1" * 32, [inner]), 0)
    assert only.deadline is None


def test_of_nested_deadlines_the_earlier_holds(swaps: Any) -> None:
    swap = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    for inside, around in ((5, 9), (9, 5), (5, 2**256 - 1)):
        inner = call("multicall(uint256,bytes[])", inside, [swap])
        (only,) = swaps(ROUTER02, call("multicall(uint256,bytes[])", around, [inner]))
        assert only.deadline == 5


def test_a_deadline_of_zero_has_passed_and_is_not_none(swaps: Any) -> None:
    data = call("swapExactTokensForTokens(uint256,uint256,address[],address,uint256)", 5, 4, [A, B], ME, 0)
    assert swaps(V2ROUTER, data)[0].deadline == 0


def test_a_multicall_with_a_part_not_known_here_gives_nothing(swaps: Any) -> None:
    swap = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    assert swaps(ROUTER02, call("multicall(bytes[])", [swap, b"\xde\xad\xbe\xef"])) == ()


def test_all_that_the_router_holds_is_no_amount(swaps: Any) -> None:
    assert swaps(ROUTER02, call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 0, 4, 0))) == ()


def test_other_calls_are_no_swaps(swaps: Any) -> None:
    assert swaps(V2ROUTER, call("addLiquidityETH(address,uint256,uint256,uint256,address,uint256)",
                                      A, 1, 1, 1, ME, 1)) == ()  # fmt: skip
    assert swaps(V3ROUTER, b"") == ()


@pytest.mark.parametrize(
    ("router", "data"),
    [
        (V2ROUTER, bytes.fromhex("38ed1739")),
        (V2ROUTER, bytes.fromhex("38ed1739") + b"\xff" * 160),
        (V2ROUTER, call("swapExactETHForTokens(uint256,address[],address,uint256)", 4, [A], ME, 1)),
        (V3ROUTER, call("exactInput((bytes,address,uint256,uint256,uint256))", (packed(A, 500), ME, 1, 5, 4))),
    ],
)
def test_arguments_that_do_not_decode_are_refused(swaps: Any, router: Router, data: bytes) -> None:
    with pytest.raises(ChainDataError):
        swaps(router, data, 0)


def test_a_registry_without_routers_knows_no_call(pending_call: Any) -> None:
    data = call("swapExactTokensForTokens(uint256,uint256,address[],address,uint256)", 5, 4, [A, B], ME, DEADLINE)
    pending = pending_call(Address(ME), V2ROUTER.address, data)
    assert DexRegistry([]).intents(pending) == ()
    assert DexRegistry([], [V3ROUTER]).intents(pending) == ()


def test_the_signed_bytes_count_and_not_what_a_node_says_of_them(pending_call: Any) -> None:
    data = call("swapExactTokensForTokens(uint256,uint256,address[],address,uint256)", 5, 4, [A, B], ME, DEADLINE)
    elsewhere = pending_call(Address(ME), Address("0x" + "ee" * 20), data)
    assert REGISTRY.intents(msgspec.structs.replace(elsewhere, to=V2ROUTER.address)) == ()
    with pytest.raises(ChainDataError, match="ENDS_EARLY"):
        REGISTRY.intents(msgspec.structs.replace(elsewhere, to=V2ROUTER.address, raw=elsewhere.raw[:-1]))


def test_more_parts_than_are_looked_at_give_nothing(swaps: Any) -> None:
    swap = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    assert len(swaps(ROUTER02, call("multicall(bytes[])", [swap] * 32))) == 32
    assert swaps(ROUTER02, call("multicall(bytes[])", [swap] * 33)) == ()


# Universal Router: ``execute(bytes commands, bytes[] inputs[, uint256 deadline])``, of Uniswap's published ABI

V3_IN, V3_OUT, V2_IN, V2_OUT = 0x00, 0x01, 0x08, 0x09
PERMIT2, WRAP, UNWRAP, SWEEP, PAY_PORTION, SUB_PLAN, V4_SWAP = 0x0A, 0x0B, 0x0C, 0x04, 0x06, 0x21, 0x10
SENDER, ROUTER_ITSELF = "0x" + "00" * 19 + "01", "0x" + "00" * 19 + "02"


def part(command: int, *fields: Any) -> tuple[int, bytes]:
    types = {
        V3_IN: "address,uint256,uint256,bytes,bool",
        V3_OUT: "address,uint256,uint256,bytes,bool",
        V2_IN: "address,uint256,uint256,address[],bool",
        V2_OUT: "address,uint256,uint256,address[],bool",
        PERMIT2: "(address,uint160,uint48,uint48,address,uint256),bytes",
        WRAP: "address,uint256",
        UNWRAP: "address,uint256",
        SWEEP: "address,address,uint256",
        PAY_PORTION: "address,address,uint256",
        SUB_PLAN: "bytes,bytes[]",
        V4_SWAP: "bytes,bytes[]",
    }[command]
    if types.startswith("("):
        return command, encode([types[: types.index(")") + 1], "bytes"], fields)
    return command, encode(types.split(","), fields)


def plan(*parts: tuple[int, bytes], deadline: int | None = DEADLINE) -> bytes:
    commands, inputs = bytes(command for command, _ in parts), [data for _, data in parts]
    if deadline is None:
        return call("execute(bytes,bytes[])", commands, inputs)
    return call("execute(bytes,bytes[],uint256)", commands, inputs, deadline)


SWAP = part(V3_IN, SENDER, 5, 4, packed(A, 500, B, 3000, C), True)
PERMIT = part(PERMIT2, (A, 2**160 - 1, 2**47, 0, UNIVERSAL.address, 2**47), b"\1" * 65)


def test_plans_of_the_universal_router(swaps: Any) -> None:
    assert swaps(UNIVERSAL, plan(PERMIT, SWAP)) == (SwapIntent(V3_HOPS, 5, 4, False, DEADLINE),)
    assert swaps(UNIVERSAL, plan(SWAP, deadline=None)) == (SwapIntent(V3_HOPS, 5, 4),)
    exact = part(V3_OUT, SENDER, 5, 9, packed(C, 3000, B, 500, A), True)
    assert swaps(UNIVERSAL, plan(exact)) == (SwapIntent(V3_HOPS, 5, 9, True, DEADLINE),)
    two = part(V2_IN, SENDER, 6, 1, [A, B, C], True), part(V2_OUT, SENDER, 7, 8, [A, B, C], True)
    assert swaps(UNIVERSAL, plan(SWAP, *two)) == (
        SwapIntent(V3_HOPS, 5, 4, False, DEADLINE),
        SwapIntent(TWO_HOPS, 6, 1, False, DEADLINE),
        SwapIntent(TWO_HOPS, 7, 8, True, DEADLINE),
    )


def test_a_plan_whose_output_is_unwrapped_and_shared_out(swaps: Any) -> None:
    inside = part(V3_IN, ROUTER_ITSELF, 5, 0, packed(A, 500, B, 3000, C), True)
    data = plan(PERMIT, inside, part(PAY_PORTION, C, ME, 25), part(UNWRAP, SENDER, 44), part(SWEEP, C, SENDER, 0))
    assert swaps(UNIVERSAL, data) == (SwapIntent(V3_HOPS, 5, 44, False, DEADLINE),)
    commands, inputs = bytes([inside[0]]), [inside[1]]
    assert swaps(UNIVERSAL, plan(part(SUB_PLAN, commands, inputs))) == (SwapIntent(V3_HOPS, 5, 0, False, DEADLINE),)


@pytest.mark.parametrize(
    "parts",
    [
        (part(V3_IN, SENDER, 2**255, 4, packed(A, 500, B), True),),  # all that the router holds
        (part(V2_IN, SENDER, 0, 4, [A, B], False),),  # paid already
        (part(WRAP, ROUTER_ITSELF, 5), part(V3_IN, SENDER, 5, 4, packed(A, 500, B), False)),  # the router pays
        ((SWAP[0] | 0x80, SWAP[1]),),  # may fail
        (SWAP, part(V4_SWAP, b"", [])),
    ],
)
def test_plans_whose_effect_the_call_does_not_tell(swaps: Any, parts: tuple[tuple[int, bytes], ...]) -> None:
    assert swaps(UNIVERSAL, plan(*parts)) == ()


def test_a_plan_is_no_call_of_the_other_routers_nor_theirs_of_this(swaps: Any) -> None:
    assert swaps(ROUTER02, plan(SWAP)) == ()
    swap = call(f"exactInputSingle({SINGLE_02})", (A, B, 500, ME, 5, 4, 0))
    assert swaps(UNIVERSAL, call("multicall(bytes[])", [swap])) == ()


def test_a_plan_whose_inputs_are_too_few_is_refused(swaps: Any) -> None:
    with pytest.raises(ChainDataError, match="LENGTHS_DIFFER"):
        swaps(UNIVERSAL, call("execute(bytes,bytes[])", b"\0\0", [SWAP[1]]))
