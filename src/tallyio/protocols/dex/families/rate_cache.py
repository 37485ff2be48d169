"""A token's rate as Balancer's pools keep it: asked of its provider anew only when the kept one has expired."""

import msgspec

from tallyio.protocols.dex.families.fixed_point import ONE
from tallyio.protocols.dex.families.words import SwapRefusedError, require

_RATE_BITS = 96
_TIME_MASK = 2**32 - 1


class RateCache(msgspec.Struct, frozen=True):
    """Rates are 1e18. ``old_rate`` is that of the last join or exit, 0 in pools that ask not for it;
    ``live`` is what the provider says now, if known.
    """

    rate: int
    old_rate: int
    duration: int
    expires: int
    live: int | None = None

    def at(self, timestamp: int) -> "RateCache":
        """The cache that a swap at ``timestamp`` computes with and leaves.

        Raises ``SwapRefusedError`` where the provider must be asked and its answer is not known, or too large.
        """
        if timestamp <= self.expires:
            return self
        if self.live is None:
            raise SwapRefusedError(f"the kept rate expired at {self.expires} and its provider's is not known")
        require(self.live >> _RATE_BITS == 0, "BAL#325 PRICE_RATE_OVERFLOW")
        return msgspec.structs.replace(self, rate=self.live, expires=timestamp + self.duration & _TIME_MASK)

    def settled(self) -> "RateCache":
        """The cache after a join or exit."""
        return msgspec.structs.replace(self, old_rate=self.rate)


def rate_of(cache: RateCache | None) -> int:
    """Tokens without a provider have the rate one."""
    return ONE if cache is None else cache.rate
