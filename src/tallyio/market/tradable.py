"""Which pools no route may use, and why: by state, by an operator's list, or by evidence in the logs.

A token that takes a fee shows it in the logs of a swap: the pool announces an output, and the token's own Transfer
events out of the pool never name that amount. A token that announces one amount and credits less shows it in the
pair's input. Tokens whose logs show neither may still be caught by simulation, whose caller then condemns them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tallyio.core.chain import Log
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.protocols.dex import uniswap_v2, uniswap_v3
from tallyio.protocols.dex.siblings import family_of

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""``Transfer(address indexed from, address indexed to, uint256 value)``"""
_PADDING = "0x" + "00" * 12


def obstacle(pool: Pool, state: PoolState | None, condemned: Mapping[Address, str]) -> str:
    """Why the pool cannot be traded in its present state; empty when it can."""
    for token in pool.tokens:
        if token in condemned:
            return f"token {token}: {condemned[token]}"
    return "no state yet" if state is None else family_of(pool).obstacle(pool, state)


def short_changing(logs: Iterable[Log], pools: Mapping[Address, Pool]) -> dict[Address, str]:
    """Tokens that the swaps in ``logs`` (one block's, in order) prove to move less than was asked, and the proof."""
    found: dict[Address, str] = {}
    for entries in _by_transaction(logs).values():
        sent: dict[tuple[str, Address], list[int]] = defaultdict(list)
        arrived: dict[tuple[str, Address], int] = defaultdict(int)
        for entry, after in zip(entries, [*entries[1:], None], strict=True):
            topic = entry.topics[0] if entry.topics else ""
            if topic == TRANSFER and len(entry.topics) == 3 and len(entry.data) == 32:
                value = int.from_bytes(entry.data)
                sent[_holder(entry.topics[1]), entry.address].append(value)
                arrived[_holder(entry.topics[2]), entry.address] += value
            elif topic == uniswap_v2.SYNC and (pool := pools.get(entry.address)) and not _is_swap_of(after, pool):
                # A mint, a burn or a sync: what moved until here belongs to no swap.
                for token in (pool.token0, pool.token1):
                    sent.pop((pool.address, token), None)
                    arrived.pop((pool.address, token), None)
            elif (pool := pools.get(entry.address)) and topic in (uniswap_v2.SWAP, uniswap_v3.SWAP):
                for token, paid, taken in _announced(pool, entry):
                    outgoing = sent.pop((pool.address, token), [])
                    if paid and outgoing and paid not in outgoing:
                        found[token] = f"paid out {max(outgoing)} of {paid} in {entry.tx_hash}"
                    incoming = arrived.pop((pool.address, token), 0)
                    if not outgoing and taken and topic == uniswap_v2.SWAP and taken < incoming:
                        found[token] = f"credited {taken} of {incoming} in {entry.tx_hash}"
    return found


def _holder(topic: str) -> str:
    """The address in an indexed word; a word that is none stays what it is, and is no pool's address."""
    return "0x" + topic[26:] if topic.startswith(_PADDING) else topic


def _is_swap_of(entry: Log | None, pool: Pool) -> bool:
    """A pair emits Sync and Swap one right after the other."""
    return entry is not None and entry.address == pool.address and entry.topics[:1] == (uniswap_v2.SWAP,)


def _announced(pool: Pool, entry: Log) -> list[tuple[Address, int, int]]:
    """(token, paid out, taken in) of both tokens, as the pool's Swap event says."""
    values = [int.from_bytes(entry.data[i : i + 32]) for i in range(0, len(entry.data), 32)]
    if entry.topics[0] == uniswap_v2.SWAP and len(values) == 4:
        return [(pool.token0, values[2], values[0]), (pool.token1, values[3], values[1])]
    if entry.topics[0] == uniswap_v3.SWAP and len(values) == 5:
        amounts = [v - (1 << 256) if v >> 255 else v for v in values[:2]]
        return [(t, max(-a, 0), max(a, 0)) for t, a in zip((pool.token0, pool.token1), amounts, strict=True)]
    return []


def _by_transaction(logs: Iterable[Log]) -> dict[str, list[Log]]:
    grouped: dict[str, list[Log]] = defaultdict(list)
    for entry in logs:
        grouped[entry.tx_hash].append(entry)
    return grouped
