"""The stand-ins of Liquidity Book pairs, 2.0 to 2.2, answer as the real ones were recorded to, wei for wei."""

from collections.abc import Callable
from typing import Any

import pytest

from tallyio.devnet.deploy.standins import standins
from tallyio.protocols.dex.families.liquidity_book import LIMITED

ME = "0x" + "11" * 20
TO = "0x" + "99" * 20
SAMPLE = 100
RULES = (
    ("baseFactor", 16),
    ("filterPeriod", 16),
    ("decayPeriod", 16),
    ("reductionFactor", 16),
    ("variableFeeControl", 24),
    ("protocolShare", 16),
    ("maxVolatilityAccumulator", 24),
)
"""In the order in which one word holds them, and their bits."""
VOLATILITY = "volatilityAccumulator", "volatilityReference", "idReference", "timeOfLastUpdate"
WALK = "(uint128,uint128,uint128)"


class Replay:
    contract = "LBPair"

    def __init__(self, bytecode: Any) -> None:
        self.evm = bytecode
        self._made: dict[tuple[Any, ...], tuple[str, list[str]]] = {}

    def pair(self, record: dict[str, Any]) -> tuple[str, list[str]]:
        key = record["variant"], record["bin_step"]
        if key not in self._made:
            factory = self.evm.deploy(standins("book")["LBFactory"], "(bool)", record["variant"] == LIMITED)
            tokens = self.evm.tokens([18, 18])
            create = "createLBPair(address,address,uint24,uint16)"
            pair = self.evm.call(factory, create, *tokens, 2**23, record["bin_step"], returns="(address)")
            self._made[key] = pair, tokens
        return self._made[key]

    def judge(self, record: dict[str, Any]) -> bool:
        pair, tokens = self.pair(record)
        state, call = record["state"], record["call"]
        with self.evm.undone():
            self.evm.at(state["timestamp"])
            self.prepare(state, pair, tokens)
            price = self.evm.answer(pair, "getPriceFromId(uint24)", state["active_id"])
            assert price["value"] == record["views"]["price_active"]
            for name, amount in (("getSwapOut", "amount_in"), ("getSwapIn", "amount_out")):
                view = record["views"][name]
                order = view[amount], view["swap_for_y"]
                self.evm.same(view, self.evm.answer(pair, f"{name}(uint128,bool)", *order, returns=WALK), record["id"])
            self.evm.call(tokens[0 if call["swap_for_y"] else 1], "mint(address,uint256)", pair, call["amount_in"])
            done = self.evm.answer(pair, "swap(bool,address)", call["swap_for_y"], TO, returns="(bytes32)")
            assert done["ok"] == record["result"]["ok"], record["id"]
            if done["ok"]:
                paid = int.from_bytes(done["value"]) >> (128 if call["swap_for_y"] else 0)
                assert paid == record["result"]["value"], record["id"]
                bought = tokens[1 if call["swap_for_y"] else 0]
                assert paid == self.evm.call(bought, "balanceOf(address)", TO, returns="(uint256)")
                expected = record["state_after"]
                bins = {int(key) for key in expected["bins_changed"]} | {int(key) for key in state["bins"]}
                found = self.after(pair, state["bins"], bins)
                assert {name: expected[name] for name in found} == found, record["id"]
            return bool(done["ok"])

    def prepare(self, state: dict[str, Any], pair: str, tokens: list[str]) -> None:
        def slot(variable: str) -> int:
            return int(self.evm.slot("book", self.contract, variable))

        word, shift = 0, 0
        for name, bits in RULES:
            word |= state["static"][name] << shift
            shift += bits
        self.evm.put(pair, slot("rules"), word)
        for k, name in enumerate(VOLATILITY):
            self.evm.put(pair, slot("volatility") + k, state["variable"][name])
        self.evm.put(pair, slot("activeId"), state["active_id"])
        top, middle, leaves = 0, dict[int, int](), dict[int, int]()
        for key, (x, y) in state["bins"].items():
            number = int(key)
            self.evm.store(pair, "book", self.contract, "bins", x | y << 128, number)
            leaves[number >> 8] = leaves.get(number >> 8, 0) | 1 << (number & 255)
            middle[number >> 16] = middle.get(number >> 16, 0) | 1 << (number >> 8 & 255)
            top |= 1 << (number >> 16)
        self.evm.put(pair, slot("tree"), top)
        for place, level in ((1, middle), (2, leaves)):
            for number, bits in level.items():
                self.evm.store_at(pair, slot("tree") + place, bits, number)
        for side, (token, reserves, fees) in enumerate(
            [(tokens[0], "reserveX", "feesX"), (tokens[1], "reserveY", "feesY")]
        ):
            held, owed = state["reserves"][side], state["protocol_fees"][side]
            self.evm.put(pair, slot(reserves), held)
            self.evm.put(pair, slot(fees), owed)
            self.evm.call(token, "mint(address,uint256)", pair, held + owed)

    def after(self, pair: str, before: dict[str, Any], bins: set[int]) -> dict[str, Any]:
        def ask(call: str, returns: str, *arguments: Any) -> Any:
            return self.evm.call(pair, call, *arguments, returns=returns)

        changed = {}
        for number in bins:
            held = ask("getBin(uint24)", "(uint128,uint128)", number)
            if held != list(before.get(str(number), (0, 0))):
                changed[str(number)] = held
        variable = ask("getVariableFeeParameters()", "(uint24,uint24,uint24,uint40)")
        return {
            "active_id": ask("getActiveId()", "(uint24)"),
            "reserves": ask("getReserves()", "(uint128,uint128)"),
            "protocol_fees": ask("getProtocolFees()", "(uint128,uint128)"),
            "variable": dict(zip(VOLATILITY, variable, strict=True)),
            "bins_changed": changed,
        }


class FirstReplay(Replay):
    """Of 2.0, whose pairs have no views that quote."""

    contract = "FirstPair"

    def pair(self, record: dict[str, Any]) -> tuple[str, list[str]]:
        step = record["bin_step"]
        if step not in self._made:
            factory, tokens = self.evm.deploy(standins("book")["FirstFactory"]), self.evm.tokens([18, 18])
            create = "createLBPair(address,address,uint24,uint16)"
            self._made[step] = self.evm.call(factory, create, *tokens, 2**23, step, returns="(address)"), tokens
        return self._made[step]

    def judge(self, record: dict[str, Any]) -> bool:
        pair, tokens = self.pair(record)
        state, amount, first = record["state"], record["call"]["amount_in"], record["call"]["swap_for_y"]
        with self.evm.undone():
            self.evm.at(state["timestamp"])
            self.prepare(state, pair, tokens)
            self.evm.call(tokens[0 if first else 1], "mint(address,uint256)", pair, amount)
            done = self.evm.answer(pair, "swap(bool,address)", first, TO, returns="(uint256,uint256)")
            assert done["ok"] == record["result"]["ok"], record["id"]
            if done["ok"]:
                assert done["value"][1 if first else 0] == record["result"]["value"], record["id"]
                bins = {int(key) for key in (*record["state_after"]["bins_changed"], *state["bins"])}
                found = self.after(pair, state["bins"], bins)
                assert {name: record["state_after"][name] for name in found} == found, record["id"]
            return bool(done["ok"])

    def after(self, pair: str, before: dict[str, Any], bins: set[int]) -> dict[str, Any]:
        def ask(call: str, returns: str, *arguments: Any) -> Any:
            return self.evm.call(pair, call, *arguments, returns=returns)

        held = {str(n): ask("getBin(uint24)", "(uint256,uint256)", n) for n in bins}
        x, y, active = ask("getReservesAndId()", "(uint256,uint256,uint256)")
        variable = ask("feeParameters()", "(" + ",".join(["uint256"] * 12) + ")")[8:]
        return {
            "active_id": active,
            "reserves": [x, y],
            "protocol_fees": ask("getGlobalFees()", "(uint128,uint128)"),
            "variable": dict(zip(VOLATILITY, variable, strict=True)),
            "bins_changed": {key: v for key, v in held.items() if v != list(before.get(key, (0, 0)))},
        }


@pytest.mark.parametrize("name", ["liquidity_book_2_0", "liquidity_book_2_0_far"])
def test_a_sample_of_answers_of_the_first(replayed: Callable[..., None], name: str) -> None:
    replayed(FirstReplay, name, SAMPLE)


def test_a_sample_of_recorded_answers(replayed: Callable[..., None]) -> None:
    replayed(Replay, "liquidity_book", SAMPLE)


@pytest.mark.nightly
def test_every_recorded_answer(replayed: Callable[..., None]) -> None:
    replayed(Replay, "liquidity_book")


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["liquidity_book_2_0", "liquidity_book_2_0_far"])
def test_every_answer_of_the_first(replayed: Callable[..., None], name: str) -> None:
    replayed(FirstReplay, name)
