"""What an event of a lending market means, made by ``protocols`` and applied by ``market``."""

import msgspec

from tallyio.core.units import Address


class LendingChanged(msgspec.Struct, frozen=True, tag=True):
    """An event of a lending market; ``market`` is its pool contract, ``fields`` what the protocol's file decoded."""

    market: Address
    name: str
    fields: dict[str, int | str]
