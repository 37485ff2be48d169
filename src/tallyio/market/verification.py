"""The mirror against the chain: every number of every pool at one block. A difference is a bug, never healed here."""

from collections.abc import Iterator, Mapping

import msgspec

from tallyio.core.errors import OutOfReachError
from tallyio.core.pools import Pool, PoolState, V3State
from tallyio.core.units import Address
from tallyio.market.reading import Read, read_pools


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
    if isinstance(state, V3State):
        fields = {"sqrt_price_x96": state.sqrt_price_x96, "tick": state.tick, "liquidity": state.liquidity}
        for tick, net, gross in zip(state.tick_index, state.liquidity_net, state.liquidity_gross, strict=True):
            fields[f"ticks[{tick}].net"], fields[f"ticks[{tick}].gross"] = net, gross
        return fields
    return {name: number for key, value in msgspec.structs.asdict(state).items() for name, number in _flat(key, value)}


def _flat(name: str, value: object) -> Iterator[tuple[str, int]]:
    match value:
        case V3State():
            yield from numbers(value).items()
        case int():
            yield name, int(value)
        case msgspec.Struct():
            for key, part in msgspec.structs.asdict(value).items():
                yield from _flat(f"{name}.{key}", part)
        case tuple():
            for place, part in enumerate(value):
                yield from _flat(f"{name}[{place}]", part)
        case Mapping():
            for key, part in value.items():
                yield from _flat(f"{name}[{key}]", part)
