"""Tokens whose trades fail when simulated: left alone for a while, for longer with each failure, then tried again.

Whatever a token does that no event tells (it pauses, it knows a list of addresses, it pays out less, its balances
move by themselves) ends a simulated trade, which does not say whose fault that was. Of the tokens of a failed trade
the one that went longest without a good trade is suspected: one that trades every day is not lost with a bad one.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from tallyio.core.units import Address

FIRST: Final = 4
"""Blocks for which a first failure sets a token aside; each further one without a good trade between doubles it."""
LONGEST: Final = 4096
_NEVER: Final = -1


class _Record(msgspec.Struct):
    good: int = _NEVER
    failures: int = 0
    until: int = _NEVER


class Suspicion:
    """Blocks are numbers of heads; a token set aside at ``block`` is free again once the head is ``until``."""

    def __init__(self) -> None:
        self._records: dict[Address, _Record] = {}
        self._reasons: dict[Address, str] = {}

    @property
    def reasons(self) -> Mapping[Address, str]:
        """Tokens that failed and had no good trade since, with the last failure; set aside at present or not."""
        return MappingProxyType(self._reasons)

    def worked(self, tokens: Iterable[Address], block: int) -> None:
        """A trade with ``tokens`` did in simulation what was predicted."""
        for token in tokens:
            self._records[token] = _Record(good=block)
            self._reasons.pop(token, None)

    def failed(self, tokens: Iterable[Address], block: int, why: str) -> dict[Address, int]:
        """The tokens that are set aside from now on, each with the block at which it is tried again."""
        known = {token: self._records.setdefault(token, _Record()) for token in tokens}
        oldest = min((record.good for record in known.values()), default=_NEVER)
        found = {}
        for token, record in known.items():
            if record.good == oldest:
                record.until = block + min(FIRST << min(record.failures, 16), LONGEST)
                record.failures += 1
                self._reasons[token] = why
                found[token] = record.until
        return found

    def due(self, block: int) -> list[Address]:
        """The tokens that are free again with the head ``block``, each told once."""
        found = [token for token, record in self._records.items() if _NEVER < record.until <= block]
        for token in found:
            self._records[token].until = _NEVER
        return found
