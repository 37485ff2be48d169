"""Everyone who ever held one of some tokens, from their Transfer events: where a lending mirror begins."""

from collections.abc import Iterable

from tallyio.chains.rpc import Rpc
from tallyio.core.units import ZERO_ADDRESS, Address, address

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""``Transfer(address,address,uint256)`` of ERC-20."""
RANGE = 2_000
"""Blocks asked for at once."""


async def holders(rpc: Rpc, tokens: Iterable[Address], first: int, last: int) -> set[Address]:
    """Receivers of ``tokens`` in blocks ``first`` to ``last``, whether or not they still hold any."""
    wanted = sorted(tokens)
    found: set[Address] = set()
    if not wanted:
        return found
    for start in range(first, last + 1, RANGE):
        query = {
            "fromBlock": hex(start),
            "toBlock": hex(min(start + RANGE - 1, last)),
            "address": wanted,
            "topics": [TRANSFER],
        }
        for entry in await rpc.call("eth_getLogs", [query]):
            if len(entry["topics"]) == 3:
                found.add(address(entry["topics"][2]))
    found.discard(ZERO_ADDRESS)
    return found
