"""The stand-ins of Aerodrome, Velodrome and Camelot answer as the real contracts were recorded to, wei for wei."""

from collections.abc import Callable
from typing import Any

import pytest

from tallyio.devnet.deploy.standins import standins
from tallyio.protocols.dex.families.solidly import AERODROME, CAMELOT

OWNER = "0x" + "77" * 20
REFERRER = "0x" + "88" * 20
NO_FEE = 420
SAMPLE = 150


class Replay:
    """Pools by what never changes of them, made once."""

    def __init__(self, bytecode: Any) -> None:
        self.evm = bytecode
        self._made: dict[tuple[Any, ...], tuple[str, str, list[str]]] = {}

    def pool(self, record: dict[str, Any]) -> tuple[str, str, list[str]]:
        key = record["variant"], record["stable"], *record["decimals"]
        if key not in self._made:
            tokens, contracts = self.evm.tokens(record["decimals"]), standins("solidly")
            if record["variant"] == CAMELOT:
                factory = self.evm.deploy(contracts["CamelotFactory"], "(address)", OWNER)
                make = ("createPair(address,address)", *tokens)
            else:
                scaled = record["variant"] == AERODROME
                factory = self.evm.deploy(contracts["SolidlyFactory"], "(bool)", scaled)
                make = ("createPool(address,address,bool)", *tokens, record["stable"])
            self._made[key] = factory, self.evm.call(factory, *make, returns="(address)"), tokens
        return self._made[key]

    def judge(self, record: dict[str, Any]) -> bool:
        """Whether the recorded swap went through; every answer has been compared."""
        factory, pool, tokens = self.pool(record)
        with self.evm.undone():
            self.evm.at(record["state"]["timestamp"])
            prepare = self.camelot if record["variant"] == CAMELOT else self.solidly
            prepare(record, factory, pool, tokens)
            for token, reserve in zip(tokens, record["state"]["reserves"], strict=True):
                self.evm.call(token, "mint(address,uint256)", pool, reserve)
            view = record["views"]["getAmountOut"]
            asked = view["amount_in"], tokens[view["token_in"]]
            self.evm.same(view, self.evm.answer(pool, "getAmountOut(uint256,address)", *asked), record["id"])
            return self.swap(record, factory, pool, tokens)

    def swap(self, record: dict[str, Any], factory: str, pool: str, tokens: list[str]) -> bool:
        call, to = record["call"], "0x" + "99" * 20
        self.evm.call(tokens[call["token_in"]], "mint(address,uint256)", pool, call["amount_in"])
        out = call["amount_out_requested"]
        order = (out, 0, to, b"") if call["token_in"] else (0, out, to, b"")
        signature = "swap(uint256,uint256,address,bytes)"
        if call.get("referrer"):
            signature, order = "swap(uint256,uint256,address,bytes,address)", (*order, REFERRER)
        done = self.evm.answer(pool, signature, *order, returns="")
        assert done["ok"] == record["result"]["ok"], record["id"]
        if done["ok"]:
            expected = record["state_after"]
            found = self.after(record, pool, tokens)
            assert {name: expected[name] for name in found} == found, record["id"]
        return bool(done["ok"])

    def solidly(self, record: dict[str, Any], factory: str, pool: str, tokens: list[str]) -> None:
        state = record["state"]
        self.evm.call(factory, "setCustomFee(address,uint256)", pool, record["fee_bps"] or NO_FEE)
        values = {
            "reserve0": state["reserves"][0],
            "reserve1": state["reserves"][1],
            "blockTimestampLast": state["block_timestamp_last"],
            "reserve0CumulativeLast": state["reserve_cumulative"][0],
            "reserve1CumulativeLast": state["reserve_cumulative"][1],
            "index0": state["index"][0],
            "index1": state["index"][1],
            "totalSupply": state["total_supply"],
        }
        for name, value in values.items():
            self.evm.store(pool, "solidly", "SolidlyPool", name, value)
        fees = self.evm.call(pool, "poolFees()", returns="(address)")
        for token, held in zip(tokens, state["pool_fees_balances"], strict=True):
            self.evm.call(token, "mint(address,uint256)", fees, held)

    def camelot(self, record: dict[str, Any], factory: str, pool: str, tokens: list[str]) -> None:
        state = record["state"]
        values = {
            "reserve0": state["reserves"][0],
            "reserve1": state["reserves"][1],
            "token0FeePercent": state["fee_percent"][0],
            "token1FeePercent": state["fee_percent"][1],
            "stableSwap": int(record["stable"]),
        }
        for name, value in values.items():
            self.evm.store(pool, "solidly", "CamelotPair", name, value)
        owner = int(OWNER, 16) if state["fee_to_set"] else 0
        self.evm.store(factory, "solidly", "CamelotFactory", "feeTo", owner)
        self.evm.store(factory, "solidly", "CamelotFactory", "ownerFeeShare", state["owner_fee_share"])
        share = state["referrer_fee_share"]
        self.evm.store(factory, "solidly", "CamelotFactory", "referrersFeeShare", share, int(REFERRER, 16))

    def after(self, record: dict[str, Any], pool: str, tokens: list[str]) -> dict[str, Any]:
        def held(owner: str) -> list[int]:
            return [self.evm.call(token, "balanceOf(address)", owner, returns="(uint256)") for token in tokens]

        if record["variant"] == CAMELOT:
            reserves = self.evm.call(pool, "getReserves()", returns="(uint112,uint112,uint16,uint16)")
            found = {"reserves": reserves[:2], "fee_percent": reserves[2:], "fee_to_received": held(OWNER)}
            return found | {"referrer_received": held(REFERRER)}

        def word(name: str) -> int:
            return int(self.evm.call(pool, f"{name}()", returns="(uint256)"))

        assert held(pool) == [word("reserve0"), word("reserve1")]
        return {
            "reserves": [word("reserve0"), word("reserve1")],
            "reserve_cumulative": [word("reserve0CumulativeLast"), word("reserve1CumulativeLast")],
            "block_timestamp_last": word("blockTimestampLast"),
            "index": [word("index0"), word("index1")],
            "total_supply": word("totalSupply"),
            "pool_fees_balances": held(self.evm.call(pool, "poolFees()", returns="(address)")),
        }


def test_a_sample_of_recorded_answers(replayed: Callable[..., None]) -> None:
    replayed(Replay, "solidly_v2", SAMPLE)


@pytest.mark.nightly
def test_every_recorded_answer(replayed: Callable[..., None]) -> None:
    replayed(Replay, "solidly_v2")
