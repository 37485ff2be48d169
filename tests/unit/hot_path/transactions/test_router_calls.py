"""Router calls against eth_abi and against the decoder that the pending-transaction strategy uses."""

import random

import pytest
from eth_abi import encode
from eth_utils import keccak

from tallyio.hot_path.transactions import layout
from tallyio.hot_path.transactions.calls import CALLS, Action, Kind, table
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.commands import Command
from tallyio.hot_path.transactions.decoded import Hop

TARGET = bytes(range(1, 21))


def test_the_selector_table_finds_every_declared_call_and_nothing_else():
    from tallyio.hot_path.transactions.recognise import lookup

    words = table()
    declared = {int.from_bytes(keccak(text=call.signature)[:4]): number for number, call in enumerate(CALLS)}
    for selector, number in declared.items():
        assert lookup(words, _u64(selector)) >> 16 & 255 == number + 1
    rng = random.Random(4)
    for selector in [0, 2**32 - 1, *(rng.getrandbits(32) for _ in range(2000))]:
        assert (lookup(words, _u64(selector)) == 0) is (selector not in declared)


def test_selectors_known_from_the_chain():
    by_selector = {f"{call.selector:08x}": call.signature.split("(")[0] for call in CALLS}
    assert by_selector["38ed1739"] == "swapExactTokensForTokens"
    assert by_selector["414bf389"] == by_selector["04e45aaf"] == "exactInputSingle"
    assert by_selector["3593564c"] == by_selector["24856bc3"] == "execute"
    assert by_selector["5ae401dc"] == by_selector["ac9650d8"] == by_selector["1f0464d1"] == "multicall"


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.signature)
def test_each_call_is_told_as_it_was_encoded(call, run_call, arguments_of):
    rng = random.Random(call.signature)
    for _ in range(5):
        value = rng.choice([0, 10**18, 2**200])
        data, expected = arguments_of(rng, call, value)
        found = run_call(data, value)
        if call.action in (Action.V2, Action.V3_SINGLE, Action.V3_PATH):
            assert found.call is Code.OK
            (intent,) = found.intents
            assert (intent.hops, intent.amount, intent.limit) == (expected.hops, expected.amount, expected.limit)
            assert (intent.exact_out, intent.deadline) == (expected.exact_out, expected.deadline)
            assert intent.recipient == expected.recipient
            assert intent.sqrt_limit_x96 == expected.sqrt_limit
            assert intent.signature == call.signature
            assert bool(intent.flags & layout.FROM_VALUE) is ("ETH" in call.signature.split("For")[0])
        else:
            assert found.intents == ()


def _plan(commands, inputs, deadline=None):
    if deadline is None:
        return keccak(text="execute(bytes,bytes[])")[:4] + encode(["bytes", "bytes[]"], [bytes(commands), inputs])
    selector = keccak(text="execute(bytes,bytes[],uint256)")[:4]
    return selector + encode(["bytes", "bytes[]", "uint256"], [bytes(commands), inputs, deadline])


A, B, C = (bytes([i]) * 20 for i in (1, 2, 3))
V2_INPUT = encode(["address", "uint256", "uint256", "address[]", "bool"], ["0x" + "09" * 20, 5, 4, [A, B, C], True])
V3_INPUT = encode(
    ["address", "uint256", "uint256", "bytes", "bool"],
    ["0x" + "09" * 20, 1 << 255, 4, A + b"\x00\x0b\xb8" + B + b"\x00\x01\xf4" + C, False],
)


def test_a_plan_gives_its_swaps_in_order_with_what_its_commands_say(run_call):
    commands = [
        Command.PERMIT2_PERMIT,
        Command.V3_SWAP_EXACT_IN,
        0x80 | Command.V2_SWAP_EXACT_OUT,
        Command.WRAP_ETH,
        Command.SWEEP,
    ]
    found = run_call(_plan(commands, [b"", V3_INPUT, V2_INPUT, b"", b""], 77))
    assert found.call is Code.OK
    first, second = found.intents
    assert first.hops == (Hop(A, B, 3000), Hop(B, C, 500))
    assert first.flags == layout.AMOUNT_UNTOLD | layout.ROUTER_PAYS
    assert (first.amount, first.limit, first.exact_out, first.family, first.deadline) == (1 << 255, 4, False, 3, 77)
    assert second.hops == (Hop(A, B), Hop(B, C))
    assert (second.amount, second.limit, second.exact_out, second.family) == (5, 4, True, 2)
    assert second.flags == layout.MAY_FAIL
    assert found.conditions == 1


def test_an_unknown_command_is_said_beside_what_is_known(run_call):
    found = run_call(_plan([0x10, Command.V2_SWAP_EXACT_IN, 0x3F], [b"", V2_INPUT, b""]))
    assert (found.call, found.unknown, len(found.intents)) == (Code.PARTLY_UNKNOWN, 2, 1)


def test_plans_within_plans_are_read_to_a_depth_and_what_lies_deeper_is_counted(run_call):
    inner = encode(["bytes", "bytes[]"], [bytes([Command.V2_SWAP_EXACT_IN]), [V2_INPUT]])
    for depth in range(1, 6):
        found = run_call(_plan([Command.EXECUTE_SUB_PLAN], [inner]))
        assert len(found.intents) == (depth < 4)
        assert found.call is (Code.OK if depth < 4 else Code.LEFT_OUT)
        assert found.left_out == (depth >= 4)
        inner = encode(["bytes", "bytes[]"], [bytes([Command.EXECUTE_SUB_PLAN]), [inner]])


def test_more_swaps_than_the_cap_are_counted(run_call):
    found = run_call(_plan([Command.V2_SWAP_EXACT_IN] * 40, [V2_INPUT] * 40))
    assert (len(found.intents), found.left_out, found.call) == (32, 8, Code.LEFT_OUT)


def test_more_parts_than_the_budget_are_counted(run_call):
    found = run_call(_plan([Command.WRAP_ETH] * 300, [b""] * 300))
    assert (found.left_out, found.call) == (300 - 256, Code.LEFT_OUT)


def test_commands_and_inputs_of_different_number_are_refused(run_call):
    assert run_call(_plan([Command.WRAP_ETH] * 2, [b""])).call is Code.LENGTHS_DIFFER


def test_a_router_is_asked_only_for_functions_that_it_has(run_call):
    path = encode(["uint256", "uint256", "address[]", "address", "uint256"], [1, 2, [A, B], C, 3])
    data = keccak(text="swapExactTokensForTokens(uint256,uint256,address[],address,uint256)")[:4] + path
    assert run_call(data, routers={TARGET: Kind.V2}).call is Code.OK
    assert run_call(data, routers={TARGET: Kind.V3_02}).call is Code.UNKNOWN_SELECTOR
    assert run_call(data, routers={A: Kind.V2}).call is Code.NOT_A_ROUTER
    inside = keccak(text="multicall(bytes[])")[:4] + encode(["bytes[]"], [[data]])
    assert run_call(inside).call is Code.PARTLY_UNKNOWN


@pytest.mark.parametrize(
    ("place", "word", "code"),
    [
        (2, 2**256 - 1, Code.BAD_OFFSET),
        (2, 2**64, Code.BAD_OFFSET),
        (2, 2**63, Code.BAD_OFFSET),
        (2, 128, Code.BAD_OFFSET),
        (2, 160 + 96, Code.BAD_OFFSET),
        (2, 160 + 65, Code.BAD_OFFSET),
        (5, 2**256 - 1, Code.ARGUMENTS_SHORT),
        (5, 2**64 + 2, Code.ARGUMENTS_SHORT),
        (5, 3, Code.ARGUMENTS_SHORT),
        (5, 1, Code.BAD_PATH),
        (6, 1 << 160, Code.DIRTY_PADDING),
        (3, 1 << 255, Code.DIRTY_PADDING),
    ],
)
def test_hostile_offsets_and_counts_have_their_codes(place, word, code, run_call):
    arguments = encode(["uint256", "uint256", "address[]", "address", "uint256"], [1, 2, [A, B], C, 3])
    arguments = arguments[: 32 * place] + word.to_bytes(32) + arguments[32 * place + 32 :]
    selector = keccak(text="swapExactTokensForTokens(uint256,uint256,address[],address,uint256)")[:4]
    assert run_call(selector + arguments).call is code


def _u64(value):
    import numpy as np

    return np.uint64(value)
