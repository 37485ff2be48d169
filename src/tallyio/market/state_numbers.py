"""A pool's state as numbers with names, so that two can be compared number by number."""

from collections.abc import Iterator, Mapping

import msgspec

from tallyio.core.pools import PoolState, V3State


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
