"""The contracts that lend what they hold: read by one name, whatever their source."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ConfigError
from tallyio.core.units import Address
from tallyio.protocols.dex.balancer_v2_events import event_topic
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.flash_loans import balancer_v2, balancer_v3, dydx_solo, morpho, uniswap_v4
from tallyio.protocols.flash_loans.offer import Reading

READERS: Final[Mapping[str, Callable[[Address, Address], Reading]]] = {
    "balancer_v2": balancer_v2.read,
    "balancer_v3": balancer_v3.read,
    "uniswap_v4": uniswap_v4.read,
    "morpho": morpho.read,
    "dydx_solo": dydx_solo.read,
}
_TRANSFER = event_topic("Transfer(address,address,uint256)")
_PAUSED = event_topic("PausedStateChanged(bool)")
_FEE_CHANGED = event_topic("FlashLoanFeePercentageChanged(uint256)")
"""Of Balancer v2's collector of fees."""


class Lender(msgspec.Struct, frozen=True):
    """``address`` lends any token that it holds, as ``source`` does."""

    source: str
    address: Address

    def __post_init__(self) -> None:
        if self.source not in READERS:
            raise ConfigError(f"a lender of the source {self.source}", todo=f"Name one of {', '.join(READERS)}")

    def read(self, token: Address) -> Reading:
        return READERS[self.source](self.address, token)


def lenders_among(deployments: Iterable[Deployment]) -> list[Lender]:
    """The exchanges that lend as a whole: those that hold the tokens of all of their pools in one contract."""
    return [Lender(each.family, each.factory) for each in deployments if each.family in READERS]


def parties(log: Log) -> tuple[Address, ...]:
    """Between whom an event moves tokens of its own contract; empty for other events."""
    if len(log.topics) < 3 or log.topics[0] != _TRANSFER:
        return ()
    return tuple(Address("0x" + word[26:]) for word in log.topics[1:3])


def changes_terms(log: Log) -> bool:
    """Whether an event may change more of a lender's offers than the amount of one token."""
    return log.topics[:1] == (_FEE_CHANGED,) or log.topics[:1] == (_PAUSED,)
