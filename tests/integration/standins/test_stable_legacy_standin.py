"""The stand-ins of Curve's first StableSwap pools answer as the real ones were recorded to, wei for wei."""

from collections.abc import Callable
from typing import Any

import pytest

from tallyio.core.units import UINT256_MAX
from tallyio.devnet.deploy.standins import standins

ME = "0x" + "11" * 20
SAMPLE = 120
FAMILY = "stable_legacy"
VIEWS = {
    "get_dy": ("get_dy(int128,int128,uint256)", ("i", "j", "dx")),
    "get_dy_underlying": ("get_dy_underlying(int128,int128,uint256)", ("i", "j", "dx")),
    "calc_withdraw_one_coin": ("calc_withdraw_one_coin(uint256,int128)", ("burn_amount", "i")),
}
WORDS = "initial_A", "future_A", "initial_A_time", "future_A_time", "fee", "admin_fee"
CACHE = {"base_virtual_price_cached": "base_virtual_price", "base_cache_updated": "base_cache_updated"}
ROOM = 2**200
"""Of shares that the trader has: he has enough."""


class Replay:
    def __init__(self, bytecode: Any) -> None:
        self.evm = bytecode
        self.contracts = standins(FAMILY)
        self._made: dict[tuple[Any, ...], tuple[str, str, list[str]]] = {}

    def plain(self, kind: str, decimals: list[int]) -> tuple[str, str, list[str]]:
        """A pool, its shares and its coins."""
        key = kind, *decimals
        if key not in self._made:
            tokens, unit = self.evm.tokens(decimals), 1 if kind == "3pool" else 100
            self._made[key] = self._pool("LegacyPool", "uint256", tokens, unit)
        return self._made[key]

    def meta(self, base: str, base_shares: str, decimals: int) -> tuple[str, str, list[str]]:
        key = "meta", base, decimals
        if key not in self._made:
            self._supply(base_shares, 1)
            tokens = [*self.evm.tokens([decimals]), base_shares]
            self._made[key] = self._pool("LegacyMeta", "address", tokens, base)
        return self._made[key]

    def _pool(self, name: str, type_: str, tokens: list[str], what: Any) -> tuple[str, str, list[str]]:
        shares = self.evm.deploy(self.contracts["LegacyToken"])
        terms = f"(address[],address,{type_},uint256,uint256,uint256)"
        pool = self.evm.deploy(self.contracts[name], terms, tokens, shares, what, 100, 0, 0)
        self.evm.call(shares, "set_minter(address)", pool)
        for token in tokens:
            self.evm.call(token, "approve(address,uint256)", pool, UINT256_MAX)
        return pool, shares, tokens

    def judge(self, record: dict[str, Any]) -> bool:
        state, call, base = record["state"], record["call"], None
        if record["kind"] == "meta":
            base = self.plain("3pool", record["base"]["decimals"])
            pool, shares, tokens = self.meta(base[0], base[1], record["decimals"][0])
        else:
            pool, shares, tokens = self.plain(record["kind"], record["decimals"])
        with self.evm.undone():
            self.evm.at(state["timestamp"])
            if base:
                self.prepare(*base, record["base"])
                for name, variable in CACHE.items():
                    self.evm.store(pool, FAMILY, "LegacyMeta", variable, state[name])
                for token in base[2]:
                    self.evm.call(token, "approve(address,uint256)", pool, UINT256_MAX)
                    self.evm.call(token, "mint(address,uint256)", ME, call["dx"])
            self.prepare(pool, shares, tokens, state, base[1] if base else "")
            for name, view in record["views"].items():
                signature, arguments = VIEWS.get(
                    name, (f"calc_token_amount(uint256[{len(tokens)}],bool)", ("amounts", "is_deposit"))
                )
                self.evm.same(view, self.evm.answer(pool, signature, *(view[each] for each in arguments)), record["id"])
            self.evm.call(tokens[0] if base else tokens[call["i"]], "mint(address,uint256)", ME, call["dx"])
            order = call["i"], call["j"], call["dx"], call["min_dy"]
            signature = f"{call['method']}(int128,int128,uint256,uint256)"
            silent = record["kind"] == "3pool"
            done = self.evm.answer(pool, signature, *order, returns="" if silent else "(uint256)")
            told = record["result"] | ({"value": None} if silent and record["result"]["ok"] else {})
            self.evm.same(told, done, record["id"])
            if done["ok"]:
                self.compare(record["id"], record["state_after"], self.after(pool, tokens, record["kind"]))
                if base:
                    self.compare(record["id"], record["base_after"], self.after(base[0], base[2], "3pool"))
            return bool(done["ok"])

    def compare(self, number: int, recorded: dict[str, Any], found: dict[str, Any]) -> None:
        """A view that reverted is recorded as that."""
        told = {name: None if isinstance(recorded[name], dict) else recorded[name] for name in found}
        assert told == found, number

    def prepare(self, pool: str, shares: str, tokens: list[str], state: dict[str, Any], minted: str = "") -> None:
        """``minted`` is a coin that is another pool's share, of which only storage can give."""
        for name in WORDS:
            self.evm.store(pool, FAMILY, "LegacyPool", name, state[name])
        self._supply(shares, state["lp_total_supply"])
        for k, token in enumerate(tokens):
            held = state["balances"][k] + state["admin_balances"][k]
            self.evm.store_entry(pool, FAMILY, "LegacyPool", "balances", k, state["balances"][k])
            if token == minted:
                for owner, amount in ((pool, held), (ME, ROOM)):
                    self.evm.store(token, FAMILY, "LegacyToken", "balanceOf", amount, int(owner, 16))
            else:
                self.evm.call(token, "mint(address,uint256)", pool, held)

    def _supply(self, shares: str, supply: int) -> None:
        self.evm.store(shares, FAMILY, "LegacyToken", "totalSupply", supply)

    def after(self, pool: str, tokens: list[str], kind: str) -> dict[str, Any]:
        def word(call: str, *arguments: int) -> int:
            return int(self.evm.call(pool, call, *arguments, returns="(uint256)"))

        found: dict[str, Any] = {name: word(f"{name}()") for name in (*WORDS, "A")}
        if kind != "3pool":
            found["A_precise"] = word("A_precise()")
        if kind == "meta":
            found |= {name: word(f"{variable}()") for name, variable in CACHE.items()}
        found["virtual_price"] = self.evm.answer(pool, "get_virtual_price()").get("value")
        for name in ("balances", "admin_balances"):
            found[name] = [word(f"{name}(uint256)", k) for k in range(len(tokens))]
        return found


def test_a_sample_of_recorded_answers(replayed: Callable[..., None]) -> None:
    replayed(Replay, "curve_stableswap_legacy", SAMPLE)


@pytest.mark.nightly
def test_every_recorded_answer(replayed: Callable[..., None]) -> None:
    replayed(Replay, "curve_stableswap_legacy")
