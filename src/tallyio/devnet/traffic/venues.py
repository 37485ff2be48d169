"""Trades at the venues: noise, and whoever finds a pool that pays more than the fair price."""

from collections.abc import Mapping
from random import Random

import msgspec

from tallyio.chains.rpc import Rpc, RpcError
from tallyio.core.units import BPS, Address
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.traffic.outbox import GWEI, Intent
from tallyio.devnet.venues.all import call_of
from tallyio.devnet.venues.venue import DEPTH_USD, Order
from tallyio.devnet.world import World

NOISE_ORDERS = (2, 5)
LOOKS = 8
"""Pools that are looked at in a block for a price that pays."""
WORST_BPS, FAIR_BPS = 9_700, 10_030
"""Noise takes no less than the one share of what it gives; who looks for a price asks for the other."""
GAS, GAS_LIMIT = 900_000, hex(5_000_000)
_SLIPPAGES_BPS = (30, 100, 300)


class _Wish(msgspec.Struct, frozen=True):
    trader: Account
    order: Order
    least_bps: int
    slippage_bps: int
    priority_fee_wei: int


async def draw_swaps(random: Random, rpc: Rpc, world: World, prices_e8: Mapping[str, int]) -> list[Intent]:
    """What a quote at the latest block says can be had at a price that somebody takes."""
    wishes = [_wish(random, world, prices_e8, WORST_BPS) for _ in range(random.randint(*NOISE_ORDERS))]
    wishes += [_wish(random, world, prices_e8, FAIR_BPS) for _ in range(LOOKS)]
    calls = []
    for wish in wishes:
        data = "0x" + call_of(wish.order, 0).hex()
        calls.append({"from": wish.trader.address, "to": world.swapper, "data": data, "gas": GAS_LIMIT})
    answers = await rpc.batch([("eth_call", (call, "latest")) for call in calls], keep_errors=True)
    intents = []
    for wish, answer in zip(wishes, answers, strict=True):
        out = 0 if isinstance(answer, RpcError) else int(answer, 16)
        if _share_bps(world, wish.order, out, prices_e8) > wish.least_bps:
            least = out * (BPS - wish.slippage_bps) // BPS
            names = "→".join(world.symbol(token) for token in (wish.order.token_in, wish.order.token_out))
            label = f"swap {names} on {wish.order.venue.name}"
            fee = wish.priority_fee_wei
            intents.append(Intent(wish.trader, world.swapper, call_of(wish.order, least), label, GAS, 0, fee))
    return intents


def _wish(random: Random, world: World, prices_e8: Mapping[str, int], least_bps: int) -> _Wish:
    venue = random.choice([venue for venue in world.venues if venue.pools])
    pool = random.choice(venue.pools)
    token_in, token_out = random.sample(pool.tokens, 2)
    share = min(0.1, 0.001 * random.paretovariate(0.9)) if least_bps == WORST_BPS else random.uniform(0.002, 0.02)
    amount = _worth(world, token_in, int(DEPTH_USD * USD * share), prices_e8)
    order = Order(venue, pool, token_in, token_out, amount, world.swapper, world.weth)
    trader = world.account("trader", random.randrange(world.sizes.traders))
    return _Wish(trader, order, least_bps, random.choice(_SLIPPAGES_BPS), random.randint(1, 40) * GWEI // 10)


def _worth(world: World, token: Address, value_e8: int, prices_e8: Mapping[str, int]) -> int:
    symbol = world.symbol(token)
    return value_e8 * int(10 ** world.tokens[symbol].decimals) // prices_e8[symbol]


def _share_bps(world: World, order: Order, out: int, prices_e8: Mapping[str, int]) -> int:
    """What ``out`` is worth, of what is given for it."""
    fair = _worth(world, order.token_out, 10**20, prices_e8) * order.amount
    return out * _worth(world, order.token_in, 10**20, prices_e8) * BPS // fair if fair else 0
