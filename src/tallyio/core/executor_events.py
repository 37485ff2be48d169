"""What the executor contract says of its trades (contracts/src/Executor.sol)."""

from collections.abc import Iterable

from tallyio.core.chain import Log
from tallyio.core.units import Address

EXECUTED = "0x6cbfbb9b98ba7bb20bf4e76a5755fce5428cbeb7fdd7cd433fd3d63062476b80"
"""Topic of ``Executed(uint256 gained, uint256 bid)``."""


def executed(logs: Iterable[Log], executor: Address | None) -> tuple[int, int] | None:
    """WETH gained, the bid not yet taken off, and bid paid; None where ``executor`` tells of no trade."""
    found = [
        (int.from_bytes(log.data[:32]), int.from_bytes(log.data[32:]))
        for log in logs
        if log.address == executor and log.topics[:1] == (EXECUTED,) and len(log.data) == 64
    ]
    return (sum(gained for gained, _ in found), sum(bid for _, bid in found)) if found else None
