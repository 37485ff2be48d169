"""The detector beside plain Python: which cycles it names, and the exact profit of each input that it chose."""

from random import Random

import numpy as np
from numpy.typing import NDArray

from tallyio.core.pools import V2, V3, PairState, Pool, V2State, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm.quote import output_of
from tallyio.hot_path.amm.tick_math import MAX_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio
from tallyio.hot_path.check.comparison import Comparison, Mismatches
from tallyio.hot_path.detector.detector import Candidate, Detector

POOLS, CYCLES = 40, 300
_MARGIN = 1e-12
_NO_EDGE = 2 * POOLS
_SPACINGS = {500: 10, 3000: 60, 10_000: 200}


class World:
    """Random pools of both families around one price, and cycles of two to four hops through them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pools = [self._pool(i) for i in range(POOLS)]
        self.cycles = [self._cycle() for _ in range(CYCLES)]
        table = [[*cycle, *[-1] * (4 - len(cycle))] for cycle in self.cycles]
        self.detector = Detector(self.pools, np.array(table, np.int32), capacity=4096)
        self.states = [self.state(i, 0.0) for i in range(POOLS)]
        self._rows = np.array([[*cycle, *[_NO_EDGE] * (4 - len(cycle))] for cycle in self.cycles])
        self._rates = np.ones(_NO_EDGE + 2)
        for pool in range(POOLS):
            self._rates[2 * pool : 2 * pool + 2] = self._rate(2 * pool), self._rate(2 * pool + 1)
        self._through = [np.flatnonzero((self._rows >> 1 == pool).any(axis=1)) for pool in range(POOLS)]
        self.detector.write(list(enumerate(self.states)))
        self.detector.drain()

    def _pool(self, i: int) -> Pool:
        family = self.random.choice((V2, V3))
        fee = self.random.choice(tuple(_SPACINGS))
        spacing = _SPACINGS[fee] if family == V3 else 0
        return Pool(Address(f"0x{i:040x}"), family, "any", (Address("0x01"), Address("0x02")), fee, spacing)

    def _cycle(self) -> tuple[int, ...]:
        pools = self.random.sample(range(POOLS), self.random.choice((2, 3, 4)))
        return tuple(2 * pool + self.random.randrange(2) for pool in pools)

    def state(self, pool: int, offset: float) -> PairState:
        """The pool at the price ``exp(offset)``."""
        spec = self.pools[pool]
        if spec.family == V2:
            depth = 10 ** (18 + pool % 5)
            return V2State(int(depth * np.exp(-offset / 2)), int(depth * np.exp(offset / 2)))
        price = int(np.exp(offset / 2) * 2**53) << 43 | self.random.getrandbits(43)
        tick = tick_at_sqrt_ratio(price)
        if self.random.random() < 0.1:
            tick = tick // spec.tick_spacing * spec.tick_spacing
            price = sqrt_ratio_at_tick(tick)
            tick -= self.random.randrange(2)  # as after the tick was crossed downwards
        unit = 10 ** (17 + pool % 6) + pool
        places = [spec.tick_spacing * (3 * i + pool % 3) for i in range(-12, 13)]
        nets = [unit * (13 + i if i < 12 else 0) for i in range(12)]
        nets = [*nets, unit * 5, *(-net for net in nets[:-1]), -(nets[-1] + unit * 5)]
        nets[-1] = -sum(nets[:-1])
        if pool % 2:  # and a position over the full range, whose far ends cost more than 128 bits
            end = MAX_TICK // spec.tick_spacing * spec.tick_spacing
            places, nets = [-end, *places, end], [unit * 10**4, *nets, -unit * 10**4]
        liquidity = sum(net for place, net in zip(places, nets, strict=True) if place <= tick)
        return V3State(price, tick, liquidity, tuple(places), tuple(nets))

    def step(self) -> tuple[int, list[Candidate]]:
        """One random update: the pool and what the detector tells of it."""
        pool = self.random.randrange(POOLS)
        self.states[pool] = self.state(pool, self.random.uniform(-0.1, 0.1))
        self._rates[2 * pool : 2 * pool + 2] = self._rate(2 * pool), self._rate(2 * pool + 1)
        self.detector.write([(pool, self.states[pool])])
        return pool, self.detector.drain()

    def legs(self, cycle: int, backwards: bool) -> list[int]:
        edges = self.cycles[cycle]
        return [edge ^ 1 for edge in reversed(edges)] if backwards else list(edges)

    def profit(self, legs: list[int], amount: int) -> int:
        """What exact integers say of the input; below zero where a pool refuses it."""
        flow = amount
        for edge in legs:
            flow = output_of(self.pools[edge >> 1], self.states[edge >> 1], not edge & 1, flow) if flow > 0 else 0
        return flow - amount

    def gains(self, pool: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The cycles through ``pool``, and the marginal gain of each (cycles, 2): as stored, and backwards."""
        rows = self._rows[self._through[pool]]
        return self._through[pool], np.stack((self._rates[rows].prod(axis=1), self._rates[rows ^ 1].prod(axis=1)), 1)

    def _rate(self, edge: int) -> float:
        state, spec = self.states[edge >> 1], self.pools[edge >> 1]
        if isinstance(state, V3State):
            price = (state.sqrt_price_x96 / 2**96) ** 2 if state.liquidity else 0.0
        else:
            price = state.reserve1 / state.reserve0
        return (1 - spec.fee_pips / 1e6) * (price if not edge & 1 else 1 / price if price else 0.0)


def _candidates(samples: int, seed: int) -> Mismatches:
    """An update's told, left out and refused cycles are those that gain; none is told that does not."""
    world = World(Random(seed))  # noqa: S311 - samples, not secrets
    wrong, first = 0, ""
    for _ in range(samples):
        before = world.detector.counts["found"]
        pool, told = world.step()
        number = world.detector.counts["found"] - before
        cycles, gains = world.gains(pool)
        sure, perhaps = int((gains > 1 + _MARGIN).sum()), int((gains > 1 - _MARGIN).sum())
        gaining = {(int(cycles[i]), bool(way)) for i, way in np.argwhere(gains > 1 - _MARGIN)} if told else set()
        named = all((each.cycle, each.backwards) in gaining for each in told)
        if not sure <= number <= perhaps or not named:
            wrong += 1
            first = first or f"pool {pool}: the detector finds {number}, plain Python {sure} to {perhaps}"
    return Mismatches("detector.candidates", samples, wrong, first)


def _profits(samples: int, seed: int) -> Mismatches:
    """``samples`` opportunities: their profit is what exact integers give for their input, and inputs beside it, in
    steps of a thousandth, give no more than a millionth of the profit beyond it.
    """
    world = World(Random(seed))  # noqa: S311 - samples, not secrets
    compared, wrong, first = 0, 0, ""
    while compared < samples:
        for each in world.step()[1][: samples - compared]:
            compared += 1
            legs = world.legs(each.cycle, each.backwards)
            exact = world.profit(legs, each.amount_in)
            beside = max(world.profit(legs, each.amount_in * k // 1000) for k in (900, 999, 1001, 1100))
            if exact != each.profit or beside - exact > exact // 10**6 + 2:
                wrong += 1
                first = first or f"{each}: exact integers give {exact}, an input beside it {beside}"
    return Mismatches("detector.profits", compared, wrong, first)


COMPARISONS = (Comparison("detector.candidates", _candidates), Comparison("detector.profits", _profits))
