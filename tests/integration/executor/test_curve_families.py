"""Curve's stable kinds through the executor: what the family says that a swap pays is gained to the wei.

The pools are the stand-ins that answer as the real ones were recorded to.
"""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.pools import CURVE_LEGACY, CURVE_NG_META, Pool, PoolState
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import ETHER, ZERO_ADDRESS, Address
from tallyio.devnet import abi
from tallyio.devnet.deploy.standins import standins
from tallyio.devnet.venues.stableswap import DEPLOY
from tallyio.execution.kinds import RECEIVED
from tallyio.protocols.dex.family import Learned
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.siblings import family_of
from tallyio.protocols.dex.stableswap import StableSwapTerms
from tallyio.protocols.dex.stableswap_meta import UNDERLYING

DEPTH = 1_000 * ETHER
FEE = 4 * 10**6
META = "deploy_metapool(address,string,string,address,uint256,uint256,uint256,uint256,uint256,uint8,bytes4,address)"


class Maker:
    """Pools at prices of one: over WETH and others, or of A against the shares of such a one."""

    def __init__(self, lab: Any) -> None:
        self.lab, self.chain = lab, lab.chain
        self.a, *others = lab.tokens
        self.below = [lab.weth, *others]

    def filled(self, pool: Address, coins: list[Address], call: str) -> Address:
        for token in coins:
            if token in (self.lab.weth, *self.lab.tokens):
                self.lab.fund(token, self.chain.owner, DEPTH)
            self.chain.do(token, abi.call("approve(address,uint256)", pool, DEPTH))
        self.chain.do(pool, abi.call(call, [DEPTH] * len(coins), 0))
        return pool

    def legacy(self, name: str, type_: str, coins: list[Address], what: Any) -> tuple[Address, Address]:
        contracts = standins("stable_legacy")
        shares = self.chain.create(contracts["LegacyToken"].code())
        terms = abi.pack(f"(address[],address,{type_},uint256,uint256,uint256)", coins, shares, what, 200, FEE, FEE)
        pool = self.chain.create(contracts[name].code(arguments=terms))
        self.chain.do(shares, abi.call("set_minter(address)", pool))
        return self.filled(pool, coins, f"add_liquidity(uint256[{len(coins)}],uint256)"), shares

    def first(self, unit: int) -> Pool:
        coins = [self.a, *self.below] if unit == 1 else [self.a, self.below[0]]
        return self.listed(self.legacy("LegacyPool", "uint256", coins, unit)[0])

    def over_first(self) -> Pool:
        base, shares = self.legacy("LegacyPool", "uint256", self.below, 1)
        return self.listed(self.legacy("LegacyMeta", "address", [self.a, shares], base)[0])

    def listed(self, pool: Address) -> Pool:
        return Pool(pool, CURVE_LEGACY, "curve", (ZERO_ADDRESS, pool), 0)

    def over_ng(self) -> Pool:
        contracts, call = standins("stableswap"), "add_liquidity(uint256[],uint256)"
        factory = Address(self.chain.create(contracts["StableFactory"].code()))
        maker = self.chain.create(contracts["StableMetaMaker"].code())
        self.chain.do(factory, abi.call("set_metapool_implementation(address)", maker))
        n, terms = len(self.below), (200, FEE, 2 * 10**10, 866, 0)
        made = (self.below, *terms, [0] * n, [bytes(4)] * n, [ZERO_ADDRESS] * n)
        self.chain.do(factory, abi.call(DEPLOY, "", "", *made))
        base = self.filled(self._last(factory, 0), self.below, call)
        order = base, "", "", self.a, *terms, 0, bytes(4), ZERO_ADDRESS
        self.chain.do(factory, abi.call(META, *order))
        self.filled(self._last(factory, 1), [self.a, base], call)
        # as the factory announces it, which does not name the pool
        return Pool(
            Address("0x" + "01" * 20), CURVE_NG_META, "curve", (self.a, base), 0,
            terms=StableSwapTerms(factory, FEE), below=base,
        )  # fmt: skip

    def _last(self, factory: Address, place: int) -> Address:
        return Address(self.chain.ask(factory, "pool_list(uint256)", place, returns="(address)"))

    def read(self, pool: Pool) -> tuple[Pool, PoolState]:
        reading, answers, found = family_of(pool).read(pool), None, None
        while found is None:
            try:
                calls = reading.send(answers)  # type: ignore[arg-type]
                answers = [self.chain.answer(to, data) for to, data in calls]
            except StopIteration as end:
                found = end.value
        assert isinstance(found, Learned), found
        return found


KINDS: dict[str, Callable[[Maker], Pool]] = {
    "3pool": lambda maker: maker.first(1),
    "template": lambda maker: maker.first(100),
    "meta over 3pool": Maker.over_first,
    "ng meta": Maker.over_ng,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stable_pool_pays_what_its_family_says(lab: Any, kind: str) -> None:
    maker = Maker(lab)
    pool, state = maker.read(KINDS[kind](maker))
    a, weth = maker.a, lab.weth
    pair = lab.v2_pair("uniswap", {weth: 100 * ETHER, a: 110 * ETHER})
    bought = lab.swap("uniswap", pair, weth, a, ETHER)
    now = int(lab.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 12
    told = swap(pool, state, a, weth, bought.amount_out, now)
    detail = family_of(pool).detail(pool, a, weth)
    assert (detail[0] == UNDERLYING) == ("meta" in kind)
    sold = SwapStep(pool.address, pool.family, a, weth, bought.amount_out, told.amount_out, 0, detail=detail)
    route, gained = Route(funding=bought, inner=(sold,)), told.amount_out - ETHER
    assert gained > 0
    more = replace(route, inner=(replace(sold, amount_out=told.amount_out + 1),))
    assert lab.execute(more, min_profit=gained + 1)["status"] == "0x0"
    assert lab.executed(lab.execute(route, min_profit=gained)) == (gained, 0)
    assert lab.chain.ask(a, "allowance(address,address)", lab.executor, pool.address) == 0


def test_a_meta_pool_trades_shares_that_it_was_sent(lab: Any) -> None:
    """Its own two coins, by ``exchange`` and by ``exchange_received``: shares bought on a pair are sold for WETH."""
    maker = Maker(lab)
    maker.a, maker.below = lab.weth, list(lab.tokens[:2])
    pool, state = maker.read(maker.over_ng())
    shares, weth, chain = pool.below, lab.weth, lab.chain
    for token in maker.below:
        lab.fund(token, chain.owner, DEPTH)
        chain.do(token, abi.call("approve(address,uint256)", shares, DEPTH))
    chain.do(shares, abi.call("add_liquidity(uint256[],uint256)", [DEPTH] * 2, 0))
    chain.do(lab.factories["uniswap"], abi.call("createPair(address,address)", weth, shares))
    asked = chain.ask(lab.factories["uniswap"], "getPair(address,address)", weth, shares, returns="(address)")
    pair = Address(asked)
    lab.fund(weth, pair, 100 * ETHER)
    chain.do(shares, abi.call("transfer(address,uint256)", pair, 110 * ETHER))
    chain.do(pair, abi.call("mint(address)", chain.owner))
    for variant in (0, RECEIVED):
        pool, state = maker.read(pool)
        bought = lab.swap("uniswap", pair, weth, shares, ETHER)
        now = int(chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 12
        told = swap(pool, state, shares, weth, bought.amount_out, now)
        _, i, j = family_of(pool).detail(pool, shares, weth)
        sold = SwapStep(
            pool.address, pool.family, shares, weth, bought.amount_out, told.amount_out, 0, detail=(variant, i, j)
        )
        gained = told.amount_out - ETHER
        assert gained > 0
        route = Route(funding=bought, inner=(sold,))
        assert lab.executed(lab.execute(route, min_profit=gained)) == (gained, 0)
