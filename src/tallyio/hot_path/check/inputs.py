"""Random inputs that lean towards the edges: ends of types, limbs of all ones, prices on and beside a tick."""

from random import Random

from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, sqrt_ratio_at_tick

FEES = (0, 1, 100, 500, 2000, 2500, 3000, 10_000, 999_999)
_LIMBS = (0, 1, 2**63, 2**64 - 2, 2**64 - 1)


def below(random: Random, bits: int) -> int:
    """An integer of at most ``bits`` bits, of any size, often at an edge."""
    kind = random.randrange(8)
    if kind == 0:
        limbs = [random.choice(_LIMBS) if random.random() < 0.7 else random.getrandbits(64) for _ in range(4)]
        return sum(limb << (64 * place) for place, limb in enumerate(limbs)) % (1 << bits)
    if kind == 1:
        return max(0, min((1 << random.randint(0, bits)) + random.randint(-2, 1), (1 << bits) - 1))
    if kind == 2:
        return random.getrandbits(bits)
    return random.getrandbits(random.randint(1, bits))


def price(random: Random) -> int:
    """A square-root price that a pool may have, often on a tick, beside one, or at an end of the range."""
    kind = random.randrange(10)
    if kind == 0:
        return random.choice((MIN_SQRT_RATIO, MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1, MAX_SQRT_RATIO - 2))
    on_tick = sqrt_ratio_at_tick(random.randint(-MAX_TICK, MAX_TICK))
    if kind < 5:
        on_tick += random.randint(-2, 2)
    elif kind < 8:
        on_tick += int(on_tick * random.uniform(-1e-4, 1e-4))
    return min(max(on_tick, MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)


def near(random: Random, start: int) -> int:
    """A price some ticks from ``start``, or the same, or one unit beside it."""
    kind = random.randrange(8)
    if kind == 0:
        return price(random)
    if kind == 1:
        return min(max(start + random.randint(-3, 3), MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)
    moved = int(start * (1 + random.choice((-1, 1)) * 10 ** random.uniform(-9, -0.3)))
    return min(max(moved, MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)


def liquidity(random: Random) -> int:
    """From 1 wei to the end of uint128."""
    kind = random.randrange(12)
    if kind == 0:
        return random.choice((1, 2, 2**127, 2**128 - 1))
    return max(1, random.getrandbits(random.randint(1, 128)))


def fee(random: Random) -> int:
    return random.choice(FEES) if random.random() < 0.8 else random.randrange(1_000_000)


def amount(random: Random, natural: int) -> int:
    """An amount of a swap: of any size, or within a few units or per cent of ``natural``."""
    kind = random.randrange(4)
    if kind == 0:
        return below(random, 255)
    if kind == 1:
        return min(max(0, natural + random.randint(-2, 2)), 2**255 - 1)
    return min(int(natural * 10 ** random.uniform(-3, 0.2)), 2**255 - 1)
