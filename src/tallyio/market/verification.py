"""The mirror against the chain: every number of every pool at one block. A difference is a bug, never healed here."""

from collections.abc import Mapping

import msgspec

from tallyio.core.errors import OutOfReachError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.market.reading import Read, read_pools
from tallyio.market.state_numbers import numbers
from tallyio.protocols.dex.siblings import family_of


class PoolDifference(msgspec.Struct, frozen=True):
    """One number that differs. ``field`` names it (``reserve0``, ``ticks[-60].net`` ...); ``None`` means absent."""

    pool: Address
    field: str
    mirrored: int | None
    on_chain: int | None

    def __str__(self) -> str:
        return f"pool {self.pool}: {self.field} is {self.mirrored} in the mirror and {self.on_chain} on the chain"


async def verify_pools(
    read: Read, pools: Mapping[Address, Pool], states: Mapping[Address, PoolState], block: int
) -> list[PoolDifference]:
    """Every difference between ``states`` and the contracts at ``block``; empty when they are equal.

    Raises ``OutOfReachError`` when the chain does not answer, or a contract not as its family does: nothing is proven.
    """
    answered = await read_pools(read, pools.values(), block)
    for address, reason in answered.refused.items():
        if address in states:
            raise OutOfReachError(f"pool {address} cannot be read: {reason}")
    on_chain = answered.states
    differences: list[PoolDifference] = []
    for address, pool in pools.items():
        state, found = states.get(address), on_chain.get(address)
        if state is not None and found is not None:
            state = family_of(pool).readable(state, found)
        ours, theirs = numbers(state), numbers(found)
        for field in sorted(ours.keys() | theirs.keys()):
            mirrored, real = ours.get(field), theirs.get(field)
            if mirrored != real and (mirrored or real):  # a pair without any Sync is a pair with empty reserves
                differences.append(PoolDifference(address, field, mirrored, real))
    return differences
