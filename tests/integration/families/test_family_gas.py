"""What a swap of each family costs through the executor, beside what ``Family.gas`` says.

Whole transactions on a machine where everything is cold, on pools that traded before and an executor that holds
wrapped ether. A hop costs what a cycle costs more with it than with a v2 pair in its place, and a pair what a third
one adds to a cycle of two.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, NamedTuple

import msgspec
import pytest

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.executor_events import executed
from tallyio.core.pools import AERODROME, CAMELOT, CURVE_NG, V2, VELODROME, Pool, PoolState
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.artifacts import from_package
from tallyio.execution.deploy import creation_data
from tallyio.execution.plan import execute_calldata
from tallyio.hot_path.amm import v2
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.siblings import family_of
from tallyio.simulation import machine
from tallyio.simulation.records import BlockEnv, CallTx
from tallyio.simulation.state import Account
from tallyio.strategies.base import swap_step

ME = Address("0x" + "11" * 20)
FEE = 3000
TABLE = msgspec.json.decode(
    (Path(__file__).resolve().parents[3] / "contracts" / "gas.json").read_bytes(), type=dict[str, int]
)
PAIR = TABLE["cycle, v2 v2 v2"] - TABLE["cycle, v2 v2"]
"""What a third pair adds to a cycle of two."""
DEEP = 10**9
"""Of a pair beside the pool: so many times what passes through it."""


class Track:
    """Cycles on a chain: in a v2 pair, where a token is cheap, and back through whatever is measured."""

    def __init__(self, chain: Any) -> None:
        self.chain = chain
        factory = from_package("uniswap-v2-core", "build/UniswapV2Factory.json")
        self._factories = [chain.deploy(factory, abi.pack("(address)", ME)) for _ in range(3)]
        self._executors = {out: Address(str(chain.evm.deploy(ME, creation_data(out))).lower()) for out in chain.tokens}
        for out, executor in self._executors.items():
            self._pay(out, executor, 10**6)

    def pair(self, number: int, amounts: dict[Address, int]) -> Address:
        a, b = amounts
        (made,) = self.chain.call(self._factories[number], "createPair(address,address)", a, b, returns="(address)")
        for token, amount in amounts.items():
            self._pay(token, made, amount)
        self.chain.call(made, "mint(address)", ME)
        return Address(made)

    def _pay(self, token: Address, to: Address, amount: int) -> None:
        self.chain.call(self.chain.trader, "pay(address,address,uint256)", token, to, amount)

    def hop(self, pair: Address, token_in: Address, token_out: Address, amount: int) -> SwapStep:
        reserves = self.chain.call(pair, "getReserves()", returns="(uint112,uint112,uint32)")[:2]
        here, there = reserves if int(token_in, 16) < int(token_out, 16) else reserves[::-1]
        return SwapStep(pair, V2, token_in, token_out, amount, v2.amount_out(amount, here, there, FEE), FEE)

    def _call(self, route: Route) -> tuple[Address, bytes]:
        """It reverts unless exactly the predicted gain is there, and tells where it is more."""
        opened, closed = route.steps
        assert isinstance(opened, SwapStep)
        assert isinstance(closed, SwapStep)
        out = opened.token_in
        gain = closed.amount_out - opened.amount_in
        return self._executors[out], execute_calldata(route, gain, 0, weth=out)

    def run(self, route: Route) -> None:
        """As a transaction of the chain, which gains what was predicted."""
        to, data = self._call(route)
        self.chain.transact(to, data)
        gained, _ = executed(self.chain.logs, to) or (0, 0)
        opened, closed = route.steps
        assert gained == closed.amount_out - opened.amount_in  # type: ignore[union-attr]

    def gas(self, route: Route) -> int:
        """Of the transaction, by itself; it is not kept."""
        evm = self.chain.evm
        env = BlockEnv(
            number=self.chain.head.number + 1,
            timestamp=self.chain.time,
            base_fee_wei=0,
            gas_limit=30_000_000,
            coinbase=Address("0x" + "c0" * 20),
            chain_id=1,
        )
        to, data = self._call(route)
        tx = CallTx(sender=ME, to=to, data=data, gas_limit=10_000_000)
        accounts, slots = {ME, to, env.coinbase}, set[tuple[Address, int]]()
        while True:
            held = {each: _account(evm, each) for each in accounts}
            ran = machine.run(env, tx, 0, held, {(at, slot): evm.storage(at, slot) for at, slot in slots})
            if ran.accounts_read <= accounts and ran.slots_read <= slots:
                assert ran.success, ran.output.hex()
                return ran.gas_used
            accounts |= ran.accounts_read
            slots |= ran.slots_read


def _account(evm: Any, at: Address) -> Account:
    info = evm.basic(at)
    return Account(info.balance, info.nonce, bytes(evm.get_code(at) or b""), bytes(info.code_hash))


class Cost(NamedTuple):
    pool: Pool
    state: PoolState
    told: int
    found: int


def costs(bench: Any, random: Random, pools: int) -> list[Cost]:
    """What ``gas`` says of a swap in each of some pools, and what it costs."""
    chain = bench.chain
    market, track = Market(DexRegistry([bench.deployment]), ME), Track(chain)
    market.start(chain.head)

    def mine() -> None:
        market.apply(chain.block())
        if unread := [market.pools[address] for address in market.unread]:
            known = market.refreshable
            market.settle(asyncio.run(read_pools(chain.read, unread, chain.head.number, known)))

    def swapped(pool: Pool, sold: Address, out: Address, amount: int) -> SwapStep:
        done = swap(pool, market.states[pool.address], sold, out, amount, chain.time)
        return swap_step(pool, sold, out, amount, done.amount_out)

    def warm(cheap: Address, make: Callable[[int], SwapStep], sold: Address, out: Address, paid: int) -> int:
        """Gas of the cycle when it ran twice before."""
        for _ in range(2):
            opened = track.hop(cheap, out, sold, paid)
            track.run(Route(funding=opened, inner=(make(opened.amount_out),)))
            mine()
        opened = track.hop(cheap, out, sold, paid)
        return track.gas(Route(funding=opened, inner=(make(opened.amount_out),)))

    for _ in range(pools):
        bench.create(random)
        mine()
    found, seen = [], set()
    for pool in list(market.pools.values()):
        tokens = [token for token in pool.tokens if token in chain.tokens]
        state = market.states.get(pool.address)
        if state is None or market.untradable.get(pool.address) or len(tokens) < 2:
            continue
        sold, out = random.sample(tokens, 2)
        if frozenset((sold, out)) in seen:
            continue
        seen.add(frozenset((sold, out)))
        held = family_of(pool).holdings(pool, state)[pool.tokens.index(sold)]
        try:
            first = swapped(pool, sold, out, min(held // 10**5, 10**18))
        except ChainDataError:
            continue
        if not 10**4 < min(first.amount_in, first.amount_out) <= max(first.amount_in, first.amount_out) < 10**23:
            continue
        many, few = first.amount_in * DEEP, first.amount_out * DEEP // 2
        cheap, dear = track.pair(0, {sold: many, out: few}), track.pair(1, {sold: many, out: few * 3})
        paid = first.amount_out // 2
        try:
            cost = warm(cheap, lambda amount: swapped(pool, sold, out, amount), sold, out, paid)  # noqa: B023
        except ChainDataError:
            continue
        pair = warm(cheap, lambda amount: track.hop(dear, sold, out, amount), sold, out, paid)  # noqa: B023
        found.append(Cost(pool, state, family_of(pool).gas(pool, state), cost - pair + PAIR))
    return found


PUBLISHED = ("uniswap_v2", "pancakeswap_v2", "uniswap_v3", "pancakeswap_v3", "uniswap_v4", "balancer_v2")


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_contracts_cost_what_their_family_says(make_bench: Callable[[str], Any], name: str) -> None:
    """Within a tenth, in the middle of the pools of a kind; one swap may cross a tick or read a rate anew."""
    found = costs(make_bench(name), seeded(7, name), 8)
    kinds = {(type(each.state), each.told) for each in found}
    assert kinds
    for kind in kinds:
        alike = [each.found for each in found if (type(each.state), each.told) == kind]
        assert kind[1] == pytest.approx(median(alike), rel=0.1), (kind, alike)


@pytest.mark.parametrize("name", ["slipstream", AERODROME, VELODROME, CAMELOT, CURVE_NG, "liquidity_book_2_2"])
def test_stand_ins_cost_about_as_much(make_bench: Callable[[str], Any], name: str) -> None:
    """They have the arithmetic of what they stand in for, written otherwise: no more than twice or half."""
    found = costs(make_bench(name), seeded(7, name), 5)
    assert found
    for each in found:
        assert each.told / 2 <= each.found <= each.told * 2, (each.told, each.found)
