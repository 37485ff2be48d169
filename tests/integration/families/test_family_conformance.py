"""Every family by one suite, against the published bytecode: found, read, followed, and quoted to the wei.

The mirror is told logs alone (and what it asks to read); after everything that happens it equals the contracts' own
storage, and every swap moves what the family said before, or is refused by both.
"""

import asyncio
from random import Random
from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool
from tallyio.core.units import Address
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.market.state_numbers import numbers
from tallyio.protocols.dex.family import SwapResult
from tallyio.protocols.dex.model import curve, swap
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.siblings import family_of


class Judge:
    def __init__(self, bench: Any) -> None:
        self.bench, self.chain = bench, bench.chain
        self.market = Market(DexRegistry([bench.deployment]), Address("0x" + "ee" * 20), prove=True)
        self.market.start(self.chain.head)
        self.untold: tuple[str, ...] = getattr(bench, "untold", ())
        self.swaps = self.refused = self.changes = 0

    def mine(self, seconds: int = 12) -> None:
        """The mirror hears the block and reads what it asks for."""
        self.market.apply(self.chain.block(seconds))
        assert self.market.counters.undecodable == 0, self.market.last_undecodable
        if unread := [self.market.pools[address] for address in self.market.unread]:
            known = self.market.refreshable
            self.market.settle(asyncio.run(read_pools(self.chain.read, unread, self.chain.head.number, known)))

    def read(self, pools: list[Pool]) -> Any:
        return asyncio.run(read_pools(self.chain.read, pools, self.chain.head.number))

    def compare(self, pool: Pool) -> None:
        read = self.read([pool])
        assert read.refused == {}
        ours, theirs = (numbers(states.get(pool.address)) for states in (self.market.states, read.states))
        self.agree(ours, theirs)

    def agree(self, ours: dict[str, int], theirs: dict[str, int]) -> None:
        """The same numbers, but for those that one side does not know."""
        ours, theirs = ({name: value for name, value in each.items() if value} for each in (ours, theirs))
        untold = {name for name in ours.keys() ^ theirs.keys() if name.startswith(self.untold)}
        assert {n: v for n, v in ours.items() if n not in untold} == {
            n: v for n, v in theirs.items() if n not in untold
        }

    def trade(self, random: Random, pool: Pool) -> None:
        """One swap of both kinds, either way: the contract's and ours."""
        sold, bought = random.sample(range(len(pool.tokens)), 2)
        exact_out = random.random() < 0.4
        held = max(_holding(self.market, pool, bought if exact_out else sold), 1)
        amount = max(1, int(held * 10 ** random.uniform(-9, 0.4)))
        if random.random() < 0.1:
            amount = random.choice([1, 2, 3, 1000])
        ours = self.ours(pool, sold, bought, amount, exact_out)
        if ours and hasattr(self.bench, "afford") and ours.amount_in > self.bench.afford(pool, sold):
            return
        self.bench.expected = ours.amount_in if ours else 0
        try:
            paid, out = self.bench.trade(pool, sold, bought, amount, exact_out)
        except RuntimeError:
            assert ours is None, f"{pool} refuses {amount}, we said {ours}"
            self.refused += 1
            self.mine()  # a swap that was filled in part has happened all the same
            return
        assert ours is not None, f"{pool} moves {paid, out} for {amount}, we refused"
        assert (ours.amount_in, ours.amount_out) == (paid, out)
        self.swaps += 1
        self.mine()
        self.agree(numbers(ours.state), numbers(self.market.states[pool.address]))

    def ours(self, pool: Pool, sold: int, bought: int, amount: int, exact_out: bool) -> SwapResult | None:
        if self.market.untradable.get(pool.address):
            return None
        state, now = self.market.states[pool.address], self.chain.time
        try:
            return swap(pool, state, pool.tokens[sold], pool.tokens[bought], amount, now, exact_out=exact_out)
        except ChainDataError:
            return None


def _holding(market: Market, pool: Pool, place: int) -> int:
    state = market.states.get(pool.address)
    return family_of(pool).holdings(pool, state)[place] if state else 0


def run(bench: Any, random: Random, pools: int, steps: int) -> Judge:
    judge = Judge(bench)
    for _ in range(pools):
        bench.create(random)
        judge.mine()
    known = list(judge.market.pools.values())
    assert len(known) == pools
    for pool in known:
        judge.compare(pool)
    for _ in range(steps):
        pool = random.choice(known)
        what = random.random()
        if what < 0.25:
            try:
                bench.change(random, pool)
            except RuntimeError:
                continue
            judge.changes += 1
            judge.mine(random.choice([0, 1, 12, 300, 40_000]))
            if random.random() < 0.3:
                judge.compare(pool)
        else:
            judge.trade(random, pool)
    judge.chain.use_lens()
    for pool in known:
        judge.compare(pool)
    return judge


def test_a_family_is_its_contracts_to_the_wei(bench: Any, request: pytest.FixtureRequest) -> None:
    judge = run(bench, seeded(21, request.node.name), 12, 220)
    assert judge.swaps > 40
    assert judge.refused > 2
    assert judge.changes > 20


@pytest.mark.nightly
def test_a_family_is_its_contracts_many_times_over(bench: Any, request: pytest.FixtureRequest) -> None:
    judge = run(bench, seeded(22, request.node.name), 40, 6500)
    assert judge.swaps > 2000


def test_a_curve_is_near_the_contract(bench: Any, request: pytest.FixtureRequest) -> None:
    """Floats point to candidates: outputs to a billionth, rates as slopes of outputs."""
    random = seeded(23, request.node.name)
    judge = Judge(bench)
    looked = 0
    for _ in range(60):
        if looked > 3:
            break
        bench.create(random)
        judge.mine()
        pool = list(judge.market.pools.values())[-1]
        for sold, bought in ((0, 1), (1, 0)):
            amount = _holding(judge.market, pool, sold) // 1000
            ours = judge.ours(pool, sold, bought, amount, False) if amount > 10**10 else None
            if ours is None or ours.amount_out < 10**10:
                continue
            state = judge.market.states[pool.address]
            line = curve(pool, state, pool.tokens[sold], pool.tokens[bought], judge.chain.time)
            assert line.output(float(amount)) == pytest.approx(ours.amount_out, rel=1e-8)
            near = (line.output(amount * 1.0001) - line.output(float(amount))) / (amount * 0.0001)
            assert line.rate(float(amount)) == pytest.approx(near, rel=1e-3)
            looked += 1
    assert looked > 3
