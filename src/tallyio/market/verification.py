"""The mirror against the chain: every number of every pool at one block. A difference is a bug, never healed here."""

from collections.abc import Mapping

import msgspec

from tallyio.core.pools import Pool, PoolState, V2State
from tallyio.core.units import Address
from tallyio.market.reading import Read, read_states


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

    Raises ``OutOfReachError`` when the chain does not answer: nothing is proven then.
    """
    on_chain = await read_states(read, pools.values(), block)
    differences: list[PoolDifference] = []
    for address in pools:
        ours, theirs = numbers(states.get(address)), numbers(on_chain.get(address))
        for field in sorted(ours.keys() | theirs.keys()):
            mirrored, real = ours.get(field), theirs.get(field)
            if mirrored != real and (mirrored or real):  # a pair without any Sync is a pair with empty reserves
                differences.append(PoolDifference(address, field, mirrored, real))
    return differences


def numbers(state: PoolState | None) -> dict[str, int]:
    """Every number of a state by name."""
    if state is None:
        return {}
    if isinstance(state, V2State):
        return {"reserve0": state.reserve0, "reserve1": state.reserve1}
    fields = {"sqrt_price_x96": state.sqrt_price_x96, "tick": state.tick, "liquidity": state.liquidity}
    for tick, net, gross in zip(state.tick_index, state.liquidity_net, state.liquidity_gross, strict=True):
        fields[f"ticks[{tick}].net"], fields[f"ticks[{tick}].gross"] = net, gross
    return fields
