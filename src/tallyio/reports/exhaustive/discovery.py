"""Pools found by reading the factories, and borrowers by reading the lending market's Borrow logs."""

import msgspec

from tallyio.core.pools import V2, V3, Pool
from tallyio.core.units import Address, address
from tallyio.reports.exhaustive.chain_reading import Views, at, encode, signed, topic, word

POOL_CREATED = "PoolCreated(address,address,uint24,int24,address)"
BORROW = "Borrow(address,address,address,uint256,uint8,uint256,uint16)"


class Factory(msgspec.Struct, frozen=True):
    """``fee_pips`` is needed for constant-product factories alone: their pairs do not say it."""

    address: Address
    family: str
    fee_pips: int = 0


async def pairs(views: Views, factory: Factory, known: int, block: int) -> list[Pool]:
    """Pairs of a constant-product factory from index ``known`` on."""
    count = word((await views.all([(factory.address, encode("allPairsLength()"))], block))[0], 0)
    listed = [(factory.address, encode("allPairs(uint256)", i)) for i in range(known, count)]
    found = [at(answer, 0) for answer in await views.all(listed, block)]
    sides = await views.all([(p, encode(f"token{i}()")) for p in found for i in (0, 1)], block)
    tokens = [at(side, 0) for side in sides]
    return [
        Pool(pool, V2, V2, (token0, token1), factory.fee_pips)
        for pool, token0, token1 in zip(found, tokens[::2], tokens[1::2], strict=True)
    ]


async def curves(views: Views, factory: Factory, first: int, last: int) -> list[Pool]:
    """Pools that a concentrated-liquidity factory created in the blocks ``first..last``."""
    found = []
    for log in await views.logs(factory.address, topic(POOL_CREATED), first, last):
        _, token0, token1, fee = log["topics"]
        data = bytes.fromhex(log["data"][2:])
        spacing, pool = signed(word(data, 0)), at(data, 1)
        found.append(Pool(pool, V3, V3, (address(token0), address(token1)), int(fee, 16), spacing))
    return found


async def borrowers(views: Views, market: Address, first: int, last: int) -> list[Address]:
    """Everybody in whose name something was borrowed in the blocks ``first..last``."""
    logs = await views.logs(market, topic(BORROW), first, last)
    return sorted({address(log["topics"][2]) for log in logs})
