"""Every protocol that can be read: by a call's selector, and by an event's first topic."""

from tallyio.inspection.protocols import (
    aave,
    balancer,
    bancor,
    compound,
    curve,
    further,
    isolated,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    zero_ex,
)
from tallyio.inspection.reading import CallReader, EventReader

CALLS: dict[bytes, CallReader] = {}
EVENTS: dict[str, EventReader] = {}
for _family in (uniswap_v2, uniswap_v3, uniswap_v4, curve, balancer, bancor, zero_ex, further, aave, compound):
    CALLS |= _family.CALLS
    EVENTS |= _family.EVENTS
EVENTS |= isolated.EVENTS
