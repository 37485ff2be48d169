"""Who swaps what in a block: noise that drives pools apart, and flow that follows the fair prices."""

import math
from collections.abc import Mapping
from random import Random

import msgspec

from tallyio.core.pools import V3, Pool
from tallyio.core.units import Address
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.traffic.orders import Order
from tallyio.devnet.traffic.outbox import GWEI
from tallyio.devnet.traffic.sight import PoolSight, Sight
from tallyio.devnet.world import World

NOISE_ORDERS = (4, 10)
INFORMED_ORDERS = (2, 5)
NOISE_CAP_E8 = 600_000 * USD
INFORMED_CAP_E8 = 5_000_000 * USD
SMALLEST_GAP = 0.004
RUSH_GAP, RUSH_CHANCE = 0.03, 0.5
"""After a crash everyone comes at once: pools so far from the fair price are traded in with this chance."""
_SLIPPAGES_BPS = (30, 51, 100, 150, 301)


class _View(msgspec.Struct, frozen=True):
    """A pool in dollars. ``gap`` is the logarithm of the one side's value over the other's: 0 at the fair price."""

    sight: PoolSight
    value0_e8: int
    value1_e8: int

    @property
    def gap(self) -> float:
        return math.log(self.value0_e8 / self.value1_e8) if self.value0_e8 and self.value1_e8 else 0.0


def draw_orders(random: Random, world: World, sight: Sight, prices_e8: Mapping[str, int]) -> list[Order]:
    """The orders of one block; amounts are sized by what the pools hold."""
    views = [_in_dollars(world, seen, prices_e8) for seen in sight.pools]
    orders = []
    for _ in range(random.randint(*NOISE_ORDERS)):
        orders.append(_noise(random, world, views, prices_e8))
    apart = [view for view in views if abs(view.gap) > SMALLEST_GAP + view.sight.pool.fee_pips / 1e6]
    corrected = (
        random.choices(apart, [abs(view.gap) for view in apart], k=random.randint(*INFORMED_ORDERS)) if apart else []
    )
    corrected += [view for view in apart if random.random() < RUSH_CHANCE and abs(view.gap) > RUSH_GAP]
    orders += [_informed(random, world, view, prices_e8) for view in corrected]
    return [order for order in orders if order.amount > 0]


def _in_dollars(world: World, seen: PoolSight, prices_e8: Mapping[str, int]) -> _View:
    values = [
        reserve * prices_e8[world.symbol(token)] // 10 ** world.tokens[world.symbol(token)].decimals
        for token, reserve in ((seen.pool.token0, seen.reserve0), (seen.pool.token1, seen.reserve1))
    ]
    return _View(seen, values[0], values[1])


def _noise(random: Random, world: World, views: list[_View], prices_e8: Mapping[str, int]) -> Order:
    """A pool at random, a side at random, a size with a heavy tail."""
    view = random.choice(views)
    pool = view.sight.pool
    sells0 = random.random() < 0.5
    share = min(0.03, 0.0004 * random.paretovariate(0.9))
    value_e8 = min(int((view.value0_e8 if sells0 else view.value1_e8) * share), NOISE_CAP_E8)
    return _order(random, world, pool, pool.token0 if sells0 else pool.token1, value_e8, prices_e8, views)


def _informed(random: Random, world: World, view: _View, prices_e8: Mapping[str, int]) -> Order:
    """Closes a part of the gap between a pool and the fair price: it sells what the pool pays too much for."""
    pool = view.sight.pool
    sells0 = view.gap < 0
    side_e8 = view.value0_e8 if sells0 else view.value1_e8
    to_fair_e8 = int(side_e8 * math.expm1(min(abs(view.gap), 0.5) / 2))
    value_e8 = min(to_fair_e8 * random.randint(30, 100) // 100, INFORMED_CAP_E8)
    return _order(random, world, pool, pool.token0 if sells0 else pool.token1, value_e8, prices_e8, [])


def _order(
    random: Random,
    world: World,
    pool: Pool,
    token_in: Address,
    value_e8: int,
    prices_e8: Mapping[str, int],
    views: list[_View],
) -> Order:
    """Dress up a swap: perhaps a second hop, perhaps an exact output, always a limit."""
    pools: tuple[Pool, ...] = (pool,)
    middle = pool.other(token_in)
    further = [v.sight.pool for v in views if _continues(pool, v.sight.pool, middle)]
    if further and random.random() < 0.2:
        pools = (pool, random.choice(further))
    charged = any(world.tokens[world.symbol(t)].transfer_fee_bps for p in pools for t in (p.token0, p.token1))
    exact_out = len(pools) == 1 and not charged and random.random() < 0.15
    counted = world.tokens[world.symbol(middle if exact_out else token_in)]
    return Order(
        trader=_trader(random, world),
        pools=pools,
        token_in=token_in,
        amount=value_e8 * int(10**counted.decimals) // prices_e8[counted.symbol],
        exact_out=exact_out,
        slippage_bps=random.choice(_SLIPPAGES_BPS),
        style=random.randrange(2),
        priority_fee_wei=random.randint(1, 40) * GWEI // 10,
    )


def _continues(first: Pool, second: Pool, middle: Address) -> bool:
    return (
        second.protocol == first.protocol
        and middle in (second.token0, second.token1)
        and {first.token0, first.token1} != {second.token0, second.token1}
        and (first.family == V3 or second.family != V3)
    )


def _trader(random: Random, world: World) -> Account:
    return world.account("trader", random.randrange(world.sizes.traders))
