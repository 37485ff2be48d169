"""Quotes of one pool over its stops beside the plain-Python swap, and the stops themselves as positions change."""

from random import Random

import numpy as np

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3, Pool, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.quote import input_for, output_of
from tallyio.hot_path.amm.tick_math import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick
from tallyio.hot_path.check.comparison import Comparison, Mismatches
from tallyio.hot_path.detector.detector import Detector
from tallyio.hot_path.detector.quotes import quote_all
from tallyio.hot_path.state import layout
from tallyio.hot_path.state.stops import Stops, stops_above, stops_below

SPACINGS = {100: 1, 500: 10, 3000: 60, 10_000: 200, 50: 16_383}
_LIMB = (1 << 64) - 1
_A_POOL = 40
_LARGE = 1 << 127
"""Kernels refuse amounts from here on, which no token has."""


class Quotes:
    """One pool in arrays of its own; ``None`` in an answer is a refusal."""

    def __init__(self, pool: Pool, state: V3State) -> None:
        self.pool = pool
        self.detector = Detector([pool], np.zeros((0, 4), np.int32))
        self.write(state)

    def write(self, state: V3State) -> None:
        self.detector.write([(0, state)])

    def paid(self, zero_for_one: bool, amounts: list[int]) -> list[int | None]:
        """What the pool pays for each input."""
        return self._answers(zero_for_one, amounts, asked=False)

    def asked(self, zero_for_one: bool, amounts: list[int]) -> list[int | None]:
        """What the pool asks for each output."""
        return self._answers(zero_for_one, amounts, asked=True)

    def _answers(self, zero_for_one: bool, amounts: list[int], *, asked: bool) -> list[int | None]:
        words = np.array([[amount >> 64 * i & _LIMB for i in range(4)] for amount in amounts], np.uint64)
        answers, ok, a = np.zeros_like(words), np.zeros(len(amounts), np.uint8), self.detector.arrays
        quote_all(
            int(not zero_for_one), asked, len(amounts), words.ravel(), answers.ravel(), ok, a.records, a.floats,
            a.bounds, a.first, a.stops, a.stop_floats, a.stop_ticks,
        )  # fmt: skip
        found = [sum(int(limb) << 64 * i for i, limb in enumerate(row)) for row in answers]
        return [value if fine else None for value, fine in zip(found, ok, strict=True)]

    def stops(self) -> tuple[Stops, Stops]:
        """Those below and above as they lie in the table."""
        a = self.detector.arrays
        begin, middle, _, end = (int(each) for each in a.bounds[: layout.BOUNDS])
        words, floats = a.stops.reshape(-1, layout.STOP), a.stop_floats.reshape(-1, layout.STOP_FLOATS)
        sides = slice(begin, middle), slice(middle, end)
        below, above = (Stops(words[side], floats[side], a.stop_ticks[side]) for side in sides)
        return below, above


class Positions:
    """Random positions of a pool: narrow, wide and over the full range, liquidity from 1 to near 2**127."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.fee = random.choice(tuple(SPACINGS))
        self.spacing = SPACINGS[self.fee]
        self.end = MAX_TICK // self.spacing
        far = random.choice((0, 0, self.end, -self.end, random.randint(-self.end, self.end)))
        self.middle = max(-self.end + 1, min(self.end - 1, far + random.randint(-30, 30)))
        self.nets: dict[int, int] = {}
        self.held: list[tuple[int, int, int]] = []
        for _ in range(random.randint(1, 6)):
            self.change()

    def change(self) -> None:
        """A position comes or goes."""
        random = self.random
        if len(self.held) > 1 and random.random() < 0.45:
            low, high, liquidity = self.held.pop(random.randrange(len(self.held)))
            self._add(low, high, -liquidity)
            return
        width = random.choice((1, 1, 3, 30, 400, 2 * self.end))
        middle = self.middle + random.randint(-width, width)
        low, high = max(middle - width, -self.end), min(middle + width, self.end)
        liquidity = random.choice((1, 2**121, random.getrandbits(random.randint(1, 122)) + 1))
        if low < high and len(self.held) < 60:
            self.held.append((low * self.spacing, high * self.spacing, liquidity))
            self._add(*self.held[-1])

    def _add(self, low: int, high: int, liquidity: int) -> None:
        for tick, net in ((low, liquidity), (high, -liquidity)):
            self.nets[tick] = self.nets.get(tick, 0) + net
        used = {tick for position in self.held for tick in position[:2]}
        self.nets = {tick: self.nets[tick] for tick in sorted(used)}

    def state(self) -> V3State:
        """At a price among the positions, or at an end of the range; often on a tick, crossed or not."""
        random, ticks = self.random, tuple(self.nets)
        tick = random.choice((random.choice(ticks), self.middle * self.spacing + random.randint(-900, 900)))
        tick = random.choice((MIN_TICK, MAX_TICK - 1)) if random.random() < 0.03 else tick
        tick = max(MIN_TICK, min(MAX_TICK - 1, tick + random.choice((0, 0, -1, 1))))
        price, above = sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + 1)
        if random.random() < 0.7:
            price = random.randrange(price, above)
        elif random.random() < 0.5 and tick > MIN_TICK:
            tick -= 1  # as after the tick was crossed downwards
        liquidity = sum(net for place, net in self.nets.items() if place <= tick)
        return V3State(price, tick, liquidity, ticks, tuple(self.nets.values()))

    @property
    def pool(self) -> Pool:
        return Pool(Address("0x"), V3, "any", (Address("0x01"), Address("0x02")), self.fee, self.spacing)


def _amounts(random: Random, pool: Pool, state: V3State, zero_for_one: bool, *, asked: bool) -> list[int]:
    """Of any size, and what comes or leaves up to a tick or a word's end, a unit off or not."""
    found = [random.getrandbits(random.randint(1, 127)) or 1 for _ in range(_A_POOL // 2)]
    word = 256 * pool.tick_spacing
    aims = [*state.tick_index, *(state.tick // word * word + k * word for k in range(-2, 3))]
    for aim in random.sample(aims, min(len(aims), _A_POOL // 6)):
        try:
            limit = sqrt_ratio_at_tick(aim)
            done = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, 2**250, sqrt_limit_x96=limit)
        except ChainDataError:
            continue
        needed = done.amount_out if asked else done.amount_in
        found += [max(1, needed + k) for k in (-1, 0, 1) if needed + k < _LARGE]
    return found


def _quotes(samples: int, seed: int, *, asked: bool) -> Mismatches:
    random = Random(f"stops {asked} {seed}")  # noqa: S311 - samples, not secrets
    compared, wrong, first = 0, 0, ""
    twin = input_for if asked else output_of
    while compared < samples:
        positions = Positions(random)
        pool, state = positions.pool, positions.state()
        if state.liquidity >= 1 << 128:
            continue
        quotes, zero_for_one = Quotes(pool, state), random.random() < 0.5
        amounts = _amounts(random, pool, state, zero_for_one, asked=asked)[: samples - compared]
        answers = (quotes.asked if asked else quotes.paid)(zero_for_one, amounts)
        for amount, answer in zip(amounts, answers, strict=True):
            compared += 1
            expected = twin(pool, state, zero_for_one, amount)
            if (answer or 0) != expected and (answer or expected < _LARGE):
                wrong += 1
                first = first or f"{pool} {state} {zero_for_one} {amount}: kernel {answer}, twin {expected}"
    return Mismatches("stops.asked" if asked else "stops.paid", compared, wrong, first)


def _rows(samples: int, seed: int) -> Mismatches:
    """Positions change until ``samples`` stops are compared: those of the table and the twin's, from all ticks anew."""
    random = Random(f"stops {seed}")  # noqa: S311 - samples, not secrets
    compared, wrong, first = 0, 0, ""
    while compared < samples:
        positions = Positions(random)
        quotes = Quotes(positions.pool, positions.state())
        for _ in range(_A_POOL):
            if compared >= samples:
                break
            positions.change()
            state = positions.state()
            if max(np.cumsum(np.array(state.liquidity_net, object)), default=0) >= 1 << 128:
                break
            quotes.write(state)
            spec = state.tick_index, state.liquidity_net, positions.spacing, positions.fee
            for made, twin in zip(quotes.stops(), (stops_below(*spec), stops_above(*spec)), strict=True):
                compared += len(twin.ticks)
                if not np.array_equal(made.ticks, twin.ticks) or not np.array_equal(made.words, twin.words):
                    wrong += 1
                    first = first or f"{spec}: stops {made.ticks.tolist()}, twin {twin.ticks.tolist()}"
    return Mismatches("stops.rows", compared, wrong, first)


COMPARISONS = (
    Comparison("stops.paid", lambda samples, seed: _quotes(samples, seed, asked=False)),
    Comparison("stops.asked", lambda samples, seed: _quotes(samples, seed, asked=True)),
    Comparison("stops.rows", _rows),
)
