"""What the executor contract says in its logs."""

from typing import Final

import msgspec

from tallyio.core.chain import Log
from tallyio.core.units import Address

EXECUTED_TOPIC: Final = "0x6cbfbb9b98ba7bb20bf4e76a5755fce5428cbeb7fdd7cd433fd3d63062476b80"
"""``Executed(uint256,uint256)``"""


class Executed(msgspec.Struct, frozen=True):
    """One route went through: ``gained_wei`` of WETH, of which ``bid_wei`` went to the proposer."""

    gained_wei: int
    bid_wei: int


def executed(log: Log, executor: Address) -> Executed | None:
    """The event in ``log``, or ``None`` when it is another log or another contract's."""
    if log.address != executor or log.topics[:1] != (EXECUTED_TOPIC,) or len(log.data) != 64:
        return None
    return Executed(gained_wei=int.from_bytes(log.data[:32]), bid_wei=int.from_bytes(log.data[32:]))
