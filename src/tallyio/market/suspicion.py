"""Tokens and pools whose trades fail when simulated: left alone for a while, for longer each time, then tried again.

Whatever a token does that no event tells (it pauses, it knows a list of addresses, it pays out less, its balances
move by themselves) ends a simulated trade, which does not say whose fault that was. Of those in a failed trade the one
that went longest without a good trade is suspected: one that trades every day is not lost with a bad one.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from tallyio.core.units import Address

FIRST: Final = 4
"""Blocks for which a first failure sets aside; each further one without a good trade between doubles it."""
LONGEST: Final = 4096
_NEVER: Final = -1
_KEPT: Final = 10_000


class Aside(msgspec.Struct, frozen=True):
    """``what`` (a token or a pool) was left out of the trades for the blocks ``first`` to ``last``."""

    what: Address
    first: int
    last: int
    reason: str


class _Record(msgspec.Struct):
    good: int = _NEVER
    failures: int = 0
    until: int = _NEVER


class Suspicion:
    """Of tokens, or of pools. Blocks are numbers of heads; what is set aside is free again at the head ``until``."""

    def __init__(self) -> None:
        self._records: dict[Address, _Record] = {}
        self.asides: deque[Aside] = deque(maxlen=_KEPT)

    def good(self, one: Address) -> int:
        """The block of its last good trade; below all blocks where it had none."""
        return self._records[one].good if one in self._records else _NEVER

    def worked(self, those: Iterable[Address], block: int) -> None:
        """A trade with ``those`` did in simulation what was predicted."""
        for one in those:
            self._records[one] = _Record(good=block)

    def failed(self, those: Iterable[Address], block: int, why: str) -> dict[Address, int]:
        """Which of ``those`` are set aside from now on, each with the head at which it is tried again.

        A trade that is found at a head is for the block after it, and failed at ``block`` for that reason.
        """
        known = {one: self._records.setdefault(one, _Record()) for one in those}
        oldest = min((record.good for record in known.values()), default=_NEVER)
        found = {}
        for one, record in known.items():
            if record.good == oldest:
                record.until = block + min(FIRST << min(record.failures, 16), LONGEST)
                record.failures += 1
                self.asides.append(Aside(one, block + 2, record.until, why))
                found[one] = record.until
        return found

    def due(self, block: int) -> list[Address]:
        """Those that are free again with the head ``block``, each told once."""
        found = [one for one, record in self._records.items() if _NEVER < record.until <= block]
        for one in found:
            self._records[one].until = _NEVER
        return found
