"""The detector on the chain's own states: what it tells is what swaps on the published pools yield, to the wei.

Worlds are real pairs and concentrated-liquidity pools between four tokens, their prices anywhere in the range. Each
update is a real swap, mint or burn; every opportunity told is then executed, swap by swap, in its order.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest

from tallyio.core.clock import seeded
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.quote import output_of
from tallyio.hot_path.amm.tick_math import MAX_TICK, sqrt_ratio_at_tick
from tallyio.hot_path.detector.detector import Candidate, Detector
from tallyio.hot_path.sizing import Leg, refine

TIERS = ((100, 1), (500, 10), (3000, 60), (10_000, 200), (50, 16_383))
DEEP = 50
"""The fee of the tier whose few ticks may hold 2**121 each: 54 nested positions come near 2**127."""
HERE = ((0, 0), (0, 3), (40, 60), (400, 700), (3_000, 5_000))
"""How far apart the tokens' worths are, in thousands of ticks between neighbours: least and most."""


class World:
    """``pools`` of every family between four tokens whose worths are up to ``apart`` from their neighbours'."""

    def __init__(self, chain: Any, random: Random, apart: tuple[int, int]) -> None:
        self.chain, self.random = chain, random
        self.worths = [0]
        for _ in chain.tokens[1:]:
            far = min(random.randint(*apart) * 200, MAX_TICK - 2_000)
            self.worths.append(random.choice((-far, 0, far)) if far > 100_000 else self.worths[-1] + far)
        self.pools: list[Pool] = []
        self.positions: list[tuple[int, int, int, int]] = []
        self._made: set[tuple[int, int, int, int]] = set()
        for a, b in ((0, 1), (0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 3)):
            self._add(a, b)
        self.cycles = sorted(self._cycles())
        table = np.full((len(self.cycles), 4), -1, np.int32)
        for row, cycle in zip(table, self.cycles, strict=True):
            row[: len(cycle)] = cycle
        self.detector = Detector(self.pools, table, capacity=4096)
        self.states = [chain.state(pool) for pool in self.pools]
        self.detector.write(list(enumerate(self.states)))
        self.detector.drain()

    def _add(self, a: int, b: int) -> None:
        chain, random = self.chain, self.random
        tick = self.worths[b] - self.worths[a]
        kinds = random.sample([*TIERS, (2500, 0), (3000, 0)], 2)
        for fee, spacing in kinds:
            if (a, b, fee, spacing) in self._made:
                continue
            self._made.add((a, b, fee, spacing))
            here = max(-MAX_TICK, min(MAX_TICK - 1, tick + random.randint(-120, 120)))
            if spacing:
                price = sqrt_ratio_at_tick(here) + random.randrange(2)
                self.pools.append(chain.concentrated(a, b, fee, spacing, price))
                self._fill(len(self.pools) - 1, here)
            elif abs(here) < 300_000:
                depth = 2 ** random.uniform(34, 88)
                ratio = 1.0001 ** (here / 2)
                reserves = [max(1, int(side)) for side in (depth / ratio, depth * ratio)]
                if max(reserves) < 2**112:
                    self.pools.append(chain.pair(a, b, fee, reserves))

    def _fill(self, pool: int, tick: int) -> None:
        spec, random = self.pools[pool], self.random
        end = MAX_TICK // spec.tick_spacing
        deep = spec.fee_pips == DEEP and random.random() < 0.5
        for number in range(54 if deep else random.randint(1, 8)):
            width = 54 - number if deep else random.choice((1, 1, 3, 20, 300, 5_000, 2 * end))
            middle = 0 if deep else tick // spec.tick_spacing + random.randint(-width, width) // 2
            low, high = max(middle - width, -end), min(middle + width + (not deep), end)
            most = (2**128 - 1) // (2 * end + 1)
            bits = random.choice((0, 20, 50, 60, 70, 80, random.uniform(0, 127)))
            amount = most if deep else min(int(2 ** (bits + random.random())), most)
            self._mint(pool, low * spec.tick_spacing, high * spec.tick_spacing, amount)

    def _mint(self, pool: int, low: int, high: int, amount: int) -> None:
        if low < high and self.chain.mint(self.pools[pool], low, high, amount):
            self.positions.append((pool, low, high, amount))

    def _cycles(self) -> Iterator[tuple[int, ...]]:
        """Every closed walk of two to four swaps, each pool used once, in one direction of each."""
        number = {token: i for i, token in enumerate(self.chain.tokens)}
        ends = [(number[pool.token0], number[pool.token1]) for pool in self.pools]
        walks = [((2 * p + side,), e[side], e[1 - side]) for p, e in enumerate(ends) for side in (0, 1)]
        while walks:
            path, start, at = walks.pop()
            if at == start:
                if len(path) > 1 and path[0] >> 1 < path[-1] >> 1:
                    yield path
                continue
            if len(path) == 4:
                continue
            for p, e in enumerate(ends):
                if at in e and all(p != edge >> 1 for edge in path):
                    side = e.index(at)
                    walks.append(((*path, 2 * p + side), start, e[1 - side]))

    def step(self) -> list[Candidate]:
        """One real change of one pool, and what the detector tells of it."""
        pool = self.random.randrange(len(self.pools))
        self._change(pool)
        self.states[pool] = self.chain.state(self.pools[pool])
        self.detector.write([(pool, self.states[pool])])
        return self.detector.drain()

    def _change(self, pool: int) -> None:
        random, spec, state = self.random, self.pools[pool], self.states[pool]
        if isinstance(state, V2State):
            parts = [int(side * random.uniform(0, 0.02)) for side in (state.reserve0, state.reserve1)]
            parts[random.randrange(2)] = 0
            if max(state.reserve0 + parts[0], state.reserve1 + parts[1]) < 2**112:
                self.chain.deposit(spec, parts)
        elif random.random() < 0.7:
            down = random.random() < 0.5
            away = int(10 ** random.uniform(0, 3.2)) * (-1 if down else 1)
            aim = max(-MAX_TICK, min(MAX_TICK - 1, state.tick + away))
            if random.random() < 0.6:  # back to where the tokens' worths are
                number = {token: i for i, token in enumerate(self.chain.tokens)}
                even = self.worths[number[spec.token1]] - self.worths[number[spec.token0]]
                aim = max(-MAX_TICK, min(MAX_TICK - 1, even + random.randint(-300, 300)))
                down = aim <= state.tick
            with suppress(RuntimeError):  # the price is there already
                self.chain.swap(spec, down, 2**200, sqrt_ratio_at_tick(aim) + random.randrange(1, 4))
        elif random.random() < 0.5 or not any(each[0] == pool for each in self.positions):
            self._fill(pool, state.tick) if spec.fee_pips != DEEP else None
        else:
            mine = [each for each in self.positions if each[0] == pool]
            place = random.choice(mine)
            if self.chain.burn(spec, *place[1:]):
                self.positions.remove(place)

    def legs(self, candidate: Candidate) -> list[Leg]:
        edges = self.cycles[candidate.cycle]
        edges = tuple(edge ^ 1 for edge in reversed(edges)) if candidate.backwards else edges
        return [Leg(self.pools[edge >> 1], self.states[edge >> 1], not edge & 1) for edge in edges]

    def executed(self, legs: list[Leg], amount: int) -> list[int] | None:
        """The amounts that the chain's own swaps pay, one after another; ``None`` where one reverts."""
        before = self.chain.snapshot()
        amounts = [amount]
        try:
            for pool, state, zero_for_one in legs:
                out = output_of(pool, state, zero_for_one, amounts[-1]) if pool.family == V2 else 0
                amounts.append(self.chain.sell(pool, zero_for_one, amounts[-1], out))
        except RuntimeError:
            return None
        finally:
            self.chain.revert(before)
        return amounts


def treads(legs: list[Leg], amounts: list[int]) -> int:
    """How long the stairs of the path's profit are together, in units of its start token.

    A hop pays whole units. A concentrated pool does so in every step, takes whole units after the fee, and moves its
    price by whole units of 2**-96, which for much liquidity is worth more than a unit of its tokens.
    """
    total = Fraction(0)
    for leg, into, out in zip(legs, amounts, amounts[1:], strict=False):
        pool, state, zero_for_one = leg
        steps = 1
        if isinstance(state, V3State):
            done = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, into)
            deepest, price = max(state.liquidity, done.liquidity), min(state.sqrt_price_x96, done.sqrt_price_x96)
            unit = Fraction(deepest << 96, price**2) if zero_for_one else Fraction(deepest, 1 << 96)
            steps += sum(stops_passed(leg, into))
            total += (steps + unit) * amounts[0] / into
        total += steps * Fraction(amounts[0], out)
    return int(2 * total) + 1


def stops_passed(leg: Leg, amount: int) -> tuple[int, int]:
    """Initialised ticks and ends of bitmap words between a v3 pool's price and that after ``amount``."""
    pool, state, zero_for_one = leg
    assert isinstance(state, V3State)
    done = v3.after(state, v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, amount))
    low, high = sorted((state.tick, done.tick))
    word = 256 * pool.tick_spacing
    return sum(low < tick <= high for tick in state.tick_index), high // word - low // word


def probes(amount: int) -> list[int]:
    """Inputs around ``amount``: from a unit to a half of it away, on both sides."""
    steps = {1, 2, *(max(1, int(amount * 10.0**-k)) for k in range(1, 13)), amount // 3, amount // 2}
    return sorted({each for step in steps for each in (amount - step, amount + step) if each > 0})


def judged(world: World, updates: int, counts: dict[Any, int]) -> None:
    for _ in range(updates):
        told = world.step()
        counts["states"] += 1
        for each in told[:3] + told[3:][-1:]:
            legs = world.legs(each)
            amounts = world.executed(legs, each.amount_in)
            assert amounts is not None, (each, legs)
            assert amounts[-1] - amounts[0] == each.profit, (each, legs)
            counts["executed"] += 1
            counts["hops", len(legs)] += 1
            for leg, amount in zip(legs, amounts, strict=False):
                ticks, words = stops_passed(leg, amount) if leg.pool.family == V3 else (0, 0)
                counts["ticks"] += ticks
                counts["words"] += words
        if told:
            nothing_beside_pays_more(world, told[0])
            counts["probed"] += 1


def nothing_beside_pays_more(world: World, told: Candidate) -> None:
    """No input near or far pays more than the stairs of the path beyond what was told, or a billionth of that."""
    legs = world.legs(told)
    amounts = world.executed(legs, told.amount_in)
    assert amounts is not None
    allowed = treads(legs, amounts) + told.profit // 10**9
    refined = refine(legs, float(told.amount_in))
    for amount in [*probes(told.amount_in), *([refined.amounts[0]] if refined else [])]:
        other = world.executed(legs, amount)
        if other is not None:
            assert other[-1] - other[0] <= told.profit + allowed, (told, other, amounts)


@pytest.mark.parametrize("apart", HERE, ids=str)
def test_what_is_told_is_what_the_contracts_pay(real_pools: Callable[[], Any], apart: tuple[int, int]) -> None:
    counts: Counter[Any] = Counter()
    judged(World(real_pools(), seeded(1, f"detector {apart}"), apart), 20, counts)
    assert counts["executed"] > 5
    assert counts["probed"] > 3


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("apart", HERE, ids=str)
def test_two_thousand_states(real_pools: Callable[[], Any], apart: tuple[int, int]) -> None:
    """Five hundred of each distance, in many worlds; all lengths of cycles come up, and most words' ends."""
    counts: Counter[Any] = Counter()
    for seed in range(20):
        judged(World(real_pools(), seeded(seed, f"detectors {apart}"), apart), 25, counts)
    assert counts["states"] == 500
    assert min(counts["hops", hops] for hops in (2, 3, 4)) > 10
    assert min(counts["ticks"], counts["words"]) > 100
    print(dict(counts))
