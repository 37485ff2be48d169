"""The call of ``trade``: as its contract reads it, there and back, and nothing hidden in it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tallyio.chains.keccak import keccak256
from tallyio.core.errors import BugError, RefusedError
from tallyio.core.pools import V2, V3
from tallyio.core.trade import SwapStep
from tallyio.core.units import UINT256_MAX, Address
from tallyio.execution.artifact import leg_artifact
from tallyio.execution.leg import TRADE_SELECTOR, LegTrade, decode_trade, trade_calldata

WETH, A, B = (Address("0x" + pair * 20) for pair in ("a1", "a2", "a3"))
POOLS = [Address("0x" + pair * 20) for pair in ("b1", "b2", "b3")]
AMOUNTS = st.integers(1, 2**127)
WORDS = st.integers(0, UINT256_MAX)


@st.composite
def legs(draw: st.DrawFn) -> LegTrade:
    path = [draw(st.sampled_from([WETH, A, B])) for _ in range(draw(st.integers(2, 4)))]
    path = [token for i, token in enumerate(path) if i == 0 or token != path[i - 1]]
    path = path if len(path) > 1 else [A, B]
    paid = [draw(AMOUNTS) for _ in path]
    steps = tuple(
        SwapStep(draw(st.sampled_from(POOLS)), draw(st.sampled_from([V2, V3])), *path[i : i + 2], *paid[i : i + 2], 0)
        for i in range(len(path) - 1)
    )
    most = draw(st.sampled_from([paid[0], draw(WORDS)]))
    return LegTrade(steps, path[0], most, path[-1], *(draw(WORDS) for _ in range(3)))


def test_the_selector_is_the_contracts() -> None:
    entry = next(item for item in leg_artifact().abi if item.get("name") == "trade")
    signature = f"trade({','.join(each['type'] for each in entry['inputs'])})"
    assert keccak256(signature.encode())[:4] == TRADE_SELECTOR


@given(legs())
def test_there_and_back(leg: LegTrade) -> None:
    for weth in (WETH, None):
        assert decode_trade(trade_calldata(leg, weth=weth), weth=weth) == leg


@given(legs(), st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_is_another_leg_or_none(leg: LegTrade, place: int, change: int) -> None:
    data = bytearray(trade_calldata(leg, weth=WETH))
    data[place % len(data)] ^= change
    with suppress(RefusedError):
        assert decode_trade(bytes(data), weth=WETH) != leg


@given(legs(), st.integers(min_value=0))
def test_a_cut_call_is_refused(leg: LegTrade, size: int) -> None:
    data = trade_calldata(leg, weth=WETH)
    with pytest.raises(RefusedError):
        decode_trade(data[: size % len(data)], weth=WETH)


def test_what_the_contract_cannot_be_told_is_refused() -> None:
    leg = LegTrade((SwapStep(POOLS[0], V2, A, B, 1, 1, 0),), A, 1, B, 1, 9)
    for wrong in (replace(leg, steps=()), replace(leg, most=-1), replace(leg, least=1 << 256)):
        with pytest.raises(BugError):
            trade_calldata(wrong)
