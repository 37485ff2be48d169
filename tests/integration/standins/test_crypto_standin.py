"""The stand-ins of Curve's Twocrypto-NG and Tricrypto-NG answer as the real pools were recorded to, wei for wei."""

from collections.abc import Callable
from typing import Any

import pytest

from tallyio.core.units import UINT256_MAX
from tallyio.devnet.deploy.standins import standins
from tallyio.devnet.venues.crypto import DEPLOY, TERMS

ME = "0x" + "11" * 20
NOBODY = "0x" + "00" * 20
SAMPLE = 90
VIEWS = {
    "get_dy": ("get_dy(uint256,uint256,uint256)", ("i", "j", "dx")),
    "get_dx": ("get_dx(uint256,uint256,uint256)", ("i", "j", "dy")),
    "calc_token_amount": ("calc_token_amount(uint256[{n}],bool)", ("amounts", "is_deposit")),
    "calc_withdraw_one_coin": ("calc_withdraw_one_coin(uint256,uint256)", ("burn_amount", "i")),
}
WORDS = (
    "initial_A_gamma",
    "initial_A_gamma_time",
    "future_A_gamma",
    "future_A_gamma_time",
    "D",
    "xcp_profit",
    "xcp_profit_a",
    "virtual_price",
    "packed_rebalancing_params",
    "packed_fee_params",
)
"""Of a record's state: the variable of the contract, which is its view too."""
SEEN = (
    *WORDS,
    *("A", "gamma", "mid_fee", "out_fee", "fee_gamma", "allowed_extra_profit", "adjustment_step", "ma_time", "fee"),
    *("get_virtual_price", "lp_price", "last_timestamp", "last_prices_timestamp", "last_xcp", "xcp_ma_time"),
    "xcp_oracle",
)
PRICES = "price_scale", "price_oracle", "last_prices"
LOW = 2**128 - 1


class Replay:
    def __init__(self, bytecode: Any) -> None:
        self.evm = bytecode
        self.factories = {n: bytecode.deploy(standins("crypto")[name]) for n, name in FACTORIES.items()}
        self._made: dict[tuple[Any, ...], tuple[str, list[str]]] = {}

    def pool(self, record: dict[str, Any]) -> tuple[str, list[str]]:
        n, plain = record["n"], record["variant"] == "weth"
        key = *record["decimals"], plain
        if key not in self._made:
            tokens, factory = self.evm.tokens(record["decimals"]), self.factories[n]
            if n == 2:
                self.evm.call(factory, DEPLOY[n], "", "", tokens, 0, TERMS[n], 10**18)
            else:
                ends = 10**18, 10**18
                self.evm.call(factory, DEPLOY[n], "", "", tokens, NOBODY, int(plain), TERMS[n], ends)
            count = self.evm.call(factory, "pool_count()", returns="(uint256)")
            pool = self.evm.call(factory, "pool_list(uint256)", count - 1, returns="(address)")
            for token in tokens:
                self.evm.call(token, "approve(address,uint256)", pool, UINT256_MAX)
            self._made[key] = pool, tokens
        return self._made[key]

    def judge(self, record: dict[str, Any]) -> bool:
        pool, tokens = self.pool(record)
        state, call, n = record["state"], record["call"], record["n"]
        with self.evm.undone():
            self.evm.at(state["timestamp"])
            self.prepare(record, pool, tokens)
            assert self.seen(pool, state, n) == answered(state), record["id"]
            for name, view in record["views"].items():
                signature, arguments = VIEWS[name]
                asked = (view[each] for each in arguments)
                self.evm.same(view, self.evm.answer(pool, signature.format(n=n), *asked), record["id"])
            self.evm.call(tokens[call["i"]], "mint(address,uint256)", ME, call["dx"])
            order = call["i"], call["j"], call["dx"], call["min_dy"]
            done = self.evm.answer(pool, "exchange(uint256,uint256,uint256,uint256)", *order)
            self.evm.same(record["result"], done, record["id"])
            if done["ok"]:
                expected = record["state_after"]
                assert self.seen(pool, expected, n) == answered(expected), record["id"]
            return bool(done["ok"])

    def prepare(self, record: dict[str, Any], pool: str, tokens: list[str]) -> None:
        state = record["state"]
        values = {name: state[name] for name in WORDS} | {"totalSupply": state["total_supply"]}
        if "last_timestamp" in state:
            values |= {"price_time": state["last_timestamp"] & LOW, "xcp_time": state["last_timestamp"] >> 128}
            values |= {"xcp_window": state["xcp_ma_time"], "cached_xcp": state["cached_xcp_oracle"]}
            values |= {"xcp_last": state["last_xcp"]}
        else:
            values["price_time"] = state["last_prices_timestamp"]
        contract = CONTRACTS[record["n"]]
        for variable, value in values.items():
            self.evm.store(pool, "crypto", contract, variable, value)
        lists = {"balances": state["balances"]}
        for variable, name, packed in (
            ("scales", "cached_price_scale", "price_scale_packed"),
            ("oracles", "cached_price_oracle", "price_oracle_packed"),
            ("lasts", "last_prices", "last_prices_packed"),
        ):
            word = state.get(packed)
            lists[variable] = [state[name]] if word is None else [word & LOW, word >> 128]
        for variable, found in lists.items():
            for k, value in enumerate(found):
                self.evm.store_entry(pool, "crypto", contract, variable, k, value)
        for token, value in zip(tokens, state["balances"], strict=True):
            self.evm.call(token, "mint(address,uint256)", pool, value)

    def seen(self, pool: str, expected: dict[str, Any], n: int) -> dict[str, Any]:
        def view(call: str, *arguments: int) -> int | None:
            return self.evm.answer(pool, call, *arguments).get("value")

        found: dict[str, Any] = {name: view(f"{name}()") for name in SEEN if name in expected}
        found["total_supply"] = view("totalSupply()")
        found["balances"] = [view("balances(uint256)", k) for k in range(n)]
        for name in PRICES:
            found[name] = view(f"{name}()") if n == 2 else [view(f"{name}(uint256)", k) for k in range(2)]
        return {name: found[name] for name in ANSWERED if name in expected}


FACTORIES = {2: "TwocryptoFactory", 3: "TricryptoFactory"}
CONTRACTS = {2: "Twocrypto", 3: "Tricrypto"}
ANSWERED = (*SEEN, *PRICES, "balances", "total_supply")


def answered(state: dict[str, Any]) -> dict[str, Any]:
    """What the views tell of a state; ``None`` where one reverted."""
    return {name: told(state[name]) for name in ANSWERED if name in state}


def told(recorded: Any) -> Any:
    if isinstance(recorded, list):
        return [told(each) for each in recorded]
    return None if isinstance(recorded, dict) else recorded


@pytest.mark.parametrize("family", ["curve_twocrypto_ng", "curve_tricrypto_ng"])
def test_a_sample_of_recorded_answers(replayed: Callable[..., None], family: str) -> None:
    replayed(Replay, family, SAMPLE)


@pytest.mark.nightly
@pytest.mark.parametrize("family", ["curve_twocrypto_ng", "curve_tricrypto_ng"])
def test_every_recorded_answer(replayed: Callable[..., None], family: str) -> None:
    replayed(Replay, family)
