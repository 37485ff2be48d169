"""Liquidity that comes and goes: positions around and away from the price, and shares of v2 pools."""

from collections.abc import Mapping
from random import Random

from tallyio.chains.rpc import Rpc
from tallyio.core.pools import V3, Pool
from tallyio.devnet import abi
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.pools import FOREVER, align, mint_call
from tallyio.devnet.traffic.outbox import Intent
from tallyio.devnet.traffic.sight import PoolSight, Sight, ask
from tallyio.devnet.world import World

MINT_GAS = 900_000
WIDE = 10_000
"""Positions of so many ticks or more are the base of their pool: only a part is ever pulled."""
_WIDTHS = (2, 6, 20, 60, 120)
_UINT128_MAX = 2**128 - 1


async def draw_actions(
    random: Random, rpc: Rpc, world: World, sight: Sight, prices_e8: Mapping[str, int]
) -> list[Intent]:
    """Nothing, or one or two actions of the providers."""
    plain = [seen for seen in sight.pools if seen.pool.address not in world.odd_pools]
    intents: list[Intent] = []
    for _ in range(random.choice((0, 1, 1, 2))):
        seen = random.choice(plain)
        who = world.account("provider", random.randrange(world.sizes.providers))
        value_e8 = int(20_000 * 50 ** random.random() * USD)
        if random.random() < 0.5:
            add = _mint_v3 if seen.pool.family == V3 else _add_v2
            intents.append(add(random, world, seen, who, value_e8, prices_e8))
        elif seen.pool.family == V3:
            intents += await _pull_v3(random, rpc, world, who)
        else:
            intents += await _pull_v2(random, rpc, world, seen, who)
    return intents


def _amounts(world: World, pool: Pool, value_e8: int, prices_e8: Mapping[str, int]) -> tuple[int, int]:
    symbols = world.symbol(pool.token0), world.symbol(pool.token1)
    first, second = (value_e8 * int(10 ** world.tokens[s].decimals) // prices_e8[s] for s in symbols)
    return first, second


def _mint_v3(
    random: Random, world: World, seen: PoolSight, who: Account, value_e8: int, prices_e8: Mapping[str, int]
) -> Intent:
    """A range of a random width around a tick near the price; it may lie wholly on one side."""
    pool = seen.pool
    spacing = pool.tick_spacing
    width = random.choice(_WIDTHS) * spacing
    centre = seen.tick + random.randint(-width, width)
    lower = align(centre - width // 2, spacing)
    amounts = _amounts(world, pool, value_e8, prices_e8)
    data = mint_call(pool.token0, pool.token1, pool.fee_pips, lower, lower + width, *amounts, who.address)
    return Intent(who, world.v3.manager, data, "mint a position", MINT_GAS)


async def _pull_v3(random: Random, rpc: Rpc, world: World, who: Account) -> list[Intent]:
    """Burn a part or all of one of the provider's positions and collect what it is owed."""
    draw, share = random.random(), random.choice((30, 60, 100))
    manager = world.v3.manager
    (held,) = await ask(rpc, world, [(manager, abi.call("balanceOf(address)", who.address))])
    count = int.from_bytes(held or b"")
    if not count:
        return []
    index = int(draw * count)
    (found,) = await ask(rpc, world, [(manager, abi.call("tokenOfOwnerByIndex(address,uint256)", who.address, index))])
    position_id = int.from_bytes(found or b"")
    (position,) = await ask(rpc, world, [(manager, abi.call("positions(uint256)", position_id))])
    if position is None:
        return []
    lower, upper, liquidity = (int.from_bytes(position[32 * i : 32 * i + 32], signed=True) for i in (5, 6, 7))
    removed = liquidity * (min(share, 30) if upper - lower >= WIDE else share) // 100
    if not removed:
        return []
    burn = abi.call(
        "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))", (position_id, removed, 0, 0, FOREVER)
    )
    collect = abi.call(
        "collect((uint256,address,uint128,uint128))", (position_id, who.address, _UINT128_MAX, _UINT128_MAX)
    )
    data = abi.call("multicall(bytes[])", [burn, collect])
    return [Intent(who, manager, data, "pull a position", MINT_GAS)]


def _add_v2(
    random: Random, world: World, seen: PoolSight, who: Account, value_e8: int, prices_e8: Mapping[str, int]
) -> Intent:
    del random
    router = world.factory(seen.pool.protocol).routers[0]
    amounts = _amounts(world, seen.pool, value_e8, prices_e8)
    data = abi.call(
        "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
        seen.pool.token0, seen.pool.token1, *amounts, 0, 0, who.address, FOREVER,
    )  # fmt: skip
    return Intent(who, router, data, "add v2 liquidity", MINT_GAS)


async def _pull_v2(random: Random, rpc: Rpc, world: World, seen: PoolSight, who: Account) -> list[Intent]:
    share = random.randint(5, 30)
    pair, router = seen.pool.address, world.factory(seen.pool.protocol).routers[0]
    (held,) = await ask(rpc, world, [(pair, abi.call("balanceOf(address)", who.address))])
    shares = int.from_bytes(held or b"") * share // 100
    if not shares:
        return []
    remove = abi.call(
        "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)",
        seen.pool.token0, seen.pool.token1, shares, 0, 0, who.address, FOREVER,
    )  # fmt: skip
    return [
        Intent(who, pair, abi.call("approve(address,uint256)", router, shares), "approve v2 shares", 100_000),
        Intent(who, router, remove, "pull v2 liquidity", MINT_GAS),
    ]
