"""The stand-ins of Curve's StableSwap-NG, plain and meta, answer as the real ones were recorded to, wei for wei."""

from collections.abc import Callable
from typing import Any

import pytest

from tallyio.core.units import UINT256_MAX
from tallyio.devnet.deploy.standins import standins

ME = "0x" + "11" * 20
TO = "0x" + "99" * 20
REBASING = 2
SAMPLE = 120
VIEWS = {
    "get_dy": ("get_dy(int128,int128,uint256)", ("i", "j", "dx")),
    "get_dx": ("get_dx(int128,int128,uint256)", ("i", "j", "dy")),
    "get_dy_underlying": ("get_dy_underlying(int128,int128,uint256)", ("i", "j", "dx")),
    "get_dx_underlying": ("get_dx_underlying(int128,int128,uint256)", ("i", "j", "dy")),
    "dynamic_fee": ("dynamic_fee(int128,int128)", ("i", "j")),
    "calc_token_amount": ("calc_token_amount(uint256[],bool)", ("amounts", "is_deposit")),
    "calc_withdraw_one_coin": ("calc_withdraw_one_coin(uint256,int128)", ("burn_amount", "i")),
}
WORDS = {
    "fee": "fee",
    "offpeg_fee_multiplier": "offpeg_fee_multiplier",
    "initial_A": "initial_A",
    "future_A": "future_A",
    "initial_A_time": "initial_A_time",
    "future_A_time": "future_A_time",
    "ma_exp_time": "ma_exp_time",
    "D_ma_time": "D_ma_time",
    "total_supply": "totalSupply",
}
"""Of a record's state: the variable of the contract, which is its view too."""
LISTS = {"balances": "balances", "admin_balances": "admin_balances"}
PRICES = {"last_price": "last_price", "ema_price": "ema_price", "price_oracle": "price_oracle", "get_p": "get_p"}
LOW = 2**128 - 1


class Replay:
    def __init__(self, bytecode: Any) -> None:
        self.evm = bytecode
        self.factory = bytecode.deploy(standins("stableswap")["StableFactory"])
        self._made: dict[tuple[Any, ...], tuple[str, list[str]]] = {}

    def pool(self, record: dict[str, Any]) -> tuple[str, list[str]]:
        """A pool of such coins; what they are worth is put where a plain coin's unit is."""
        kinds = [kind if kind == REBASING else 0 for kind in record["asset_types"]]
        key = *record["decimals"], *kinds
        if key not in self._made:
            tokens, n = self.evm.tokens(record["decimals"]), len(kinds)
            self.evm.call(
                self.factory,
                "deploy_plain_pool(string,string,address[],uint256,uint256,uint256,uint256,uint256,uint8[],bytes4[],address[])",
                "", "", tokens, 100, 10**6, 10**10, 866, 0, kinds, [bytes(4)] * n, ["0x" + "00" * 20] * n,
            )  # fmt: skip
            find = "find_pool_for_coins(address,address,uint256)"
            pool = self.evm.call(self.factory, find, *tokens[:2], 0, returns="(address)")
            for token in tokens:
                self.evm.call(token, "approve(address,uint256)", pool, UINT256_MAX)
            self._made[key] = pool, tokens
        return self._made[key]

    def judge(self, record: dict[str, Any]) -> bool:
        pool, tokens = self.pool(record)
        state, call = record["state"], record["call"]
        with self.evm.undone():
            self.evm.at(state["timestamp"])
            self.prepare(state, pool, tokens)
            for name, view in record["views"].items():
                signature, arguments = VIEWS[name]
                self.evm.same(view, self.evm.answer(pool, signature, *(view[each] for each in arguments)), record["id"])
            received = call["method"] == "exchange_received"
            self.give(tokens[call["i"]], pool if received else ME, call["dx"])
            order = call["i"], call["j"], call["dx"], call["min_dy"]
            done = self.evm.answer(pool, f"{call['method']}(int128,int128,uint256,uint256)", *order)
            self.evm.same(record["result"], done, record["id"])
            if done["ok"]:
                expected, found = record["state_after"], self.after(pool, len(tokens))
                if isinstance(expected["D_oracle"], dict):
                    found.pop("D_oracle")
                assert {name: answered(expected[name]) for name in found} == found, record["id"]
            return bool(done["ok"])

    def prepare(self, state: dict[str, Any], pool: str, tokens: list[str]) -> None:
        for name, variable in WORDS.items():
            self.store(pool, variable, state[name])
        d = state["D_oracle"] if isinstance(state["D_oracle"], int) else 0
        for variable, value in (("last_d", d), ("ema_d", d)):
            self.store(pool, variable, value)
        self.store(pool, "price_time", state["ma_last_time"] & LOW)
        self.store(pool, "d_time", state["ma_last_time"] >> 128)
        for k, token in enumerate(tokens):
            held = state["balances"][k] + state["admin_balances"][k]
            self.entry(pool, "multipliers", k, state["rates"][k])
            self.entry(pool, "stored", k, held)
            self.entry(pool, "admin_balances", k, state["admin_balances"][k])
            self.give(token, pool, held)
        for k in range(len(tokens) - 1):
            self.entry(pool, "last_price", k, state["last_price"][k])
            self.entry(pool, "ema_price", k, state["ema_price"][k])

    def give(self, token: str, to: str, amount: int) -> None:
        self.evm.call(token, "mint(address,uint256)", to, amount)

    def store(self, pool: str, variable: str, value: int) -> None:
        self.evm.store(pool, "stableswap", "StableSwapNG", variable, value)

    def entry(self, pool: str, variable: str, place: int, value: int) -> None:
        self.evm.store_entry(pool, "stableswap", "StableSwapNG", variable, place, value)

    def after(self, pool: str, n: int) -> dict[str, Any]:
        def word(call: str, *arguments: int) -> int:
            return int(self.evm.call(pool, call, *arguments, returns="(uint256)"))

        def view(call: str, *arguments: int) -> int | None:
            return self.evm.answer(pool, call, *arguments).get("value")

        names = [*WORDS.items(), ("A_precise", "A_precise"), ("D_oracle", "D_oracle"), ("ma_last_time", "ma_last_time")]
        found: dict[str, Any] = {name: word(f"{variable}()") for name, variable in names}
        found["virtual_price"] = view("get_virtual_price()")
        found["rates"] = list(self.evm.call(pool, "stored_rates()", returns="(uint256[])"))
        for name, variable in LISTS.items():
            found[name] = [word(f"{variable}(uint256)", k) for k in range(n)]
        for name, variable in PRICES.items():
            found[name] = [view(f"{variable}(uint256)", k) for k in range(n - 1)]
        return found


class MetaReplay(Replay):
    def __init__(self, bytecode: Any) -> None:
        super().__init__(bytecode)
        maker = bytecode.deploy(standins("stableswap")["StableMetaMaker"])
        bytecode.call(self.factory, "set_metapool_implementation(address)", maker)
        self._bases: dict[str, tuple[str, list[str]]] = {}

    def pool(self, record: dict[str, Any]) -> tuple[str, list[str]]:
        places = record["base"]["decimals"]
        base = super().pool({"decimals": places, "asset_types": [0] * len(places)})
        key = record["decimals"][0], base[0]
        if key not in self._made:
            (coin,) = self.evm.tokens(record["decimals"][:1])
            self.evm.call(
                self.factory,
                "deploy_metapool(address,string,string,address,uint256,uint256,uint256,uint256,uint256,uint8,bytes4,address)",
                base[0], "", "", coin, 100, 10**6, 10**10, 866, 0, 0, bytes(4), "0x" + "00" * 20,
            )  # fmt: skip
            find = "find_pool_for_coins(address,address,uint256)"
            pool = self.evm.call(self.factory, find, coin, base[0], 0, returns="(address)")
            for token in (coin, *base[:1], *base[1]):
                self.evm.call(token, "approve(address,uint256)", pool, UINT256_MAX)
            self._made[key], self._bases[pool] = (pool, [coin, base[0]]), base
        return self._made[key]

    def judge(self, record: dict[str, Any]) -> bool:
        pool, tokens = self.pool(record)
        state, call, (base, coins) = record["state"], record["call"], self._bases[self.pool(record)[0]]
        underlying = call["method"] == "exchange_underlying"
        with self.evm.undone():
            self.evm.at(state["timestamp"])
            self.prepare(record["base"], base, coins)
            self.prepare(state, pool, tokens)
            for name, view in record["views"].items():
                signature, arguments = VIEWS[name]
                self.evm.same(view, self.evm.answer(pool, signature, *(view[each] for each in arguments)), record["id"])
            self.give([tokens[0], *coins][call["i"]] if underlying else tokens[call["i"]], ME, call["dx"])
            order = call["i"], call["j"], call["dx"], call["min_dy"]
            done = self.evm.answer(pool, f"{call['method']}(int128,int128,uint256,uint256)", *order)
            self.evm.same(record["result"], done, record["id"])
            for after, at, n in (("state_after", pool, 2), ("base_after", base, len(coins))) if done["ok"] else ():
                found = self.after(at, n)
                if isinstance(record[after]["D_oracle"], dict):
                    found.pop("D_oracle")
                assert {name: answered(record[after][name]) for name in found} == found, (record["id"], after)
            return bool(done["ok"])

    def give(self, token: str, to: str, amount: int) -> None:
        """A base pool's shares are put into its storage: how many there are is recorded."""
        if token in {base for base, _ in self._bases.values()}:
            self.evm.store(token, "stableswap", "StableSwapNG", "balanceOf", amount, int(to, 16))
        else:
            super().give(token, to, amount)


def answered(recorded: Any) -> Any:
    """``None`` where the view reverted."""
    if isinstance(recorded, list):
        return [answered(each) for each in recorded]
    return None if isinstance(recorded, dict) else recorded


KINDS = {"curve_stableswap_ng": Replay, "curve_stableswap_ng_meta": MetaReplay}


@pytest.mark.parametrize("family", KINDS)
def test_a_sample_of_recorded_answers(replayed: Callable[..., None], family: str) -> None:
    replayed(KINDS[family], family, SAMPLE)


@pytest.mark.nightly
@pytest.mark.parametrize("family", KINDS)
def test_every_recorded_answer(replayed: Callable[..., None], family: str) -> None:
    replayed(KINDS[family], family)
