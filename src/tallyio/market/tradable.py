"""Which pools no route may use, and why: by state, by an operator's list, or by evidence in the logs.

A token that takes a fee shows it in the logs of a swap, where a pool holds its tokens itself: the pool announces an
output, and the token's own Transfer events out of the pool never name that amount. A token that announces one amount
and credits less shows it in a pair's input. Those whose logs show neither fail in simulation (``market.suspicion``).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.protocols.dex import uniswap_v2
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
            elif (pool := pools.get(entry.address)) and (told := _paid_out(pool, entry)):
                for token in pool.tokens:
                    outgoing = sent.pop((pool.address, token), [])
                    incoming = arrived.pop((pool.address, token), 0)
                    paid = told.get(token, 0)
                    if paid and outgoing and paid not in outgoing:
                        found[token] = f"paid out {max(outgoing)} of {paid} in {entry.tx_hash}"
                    taken = _taken(pool, token, entry)
                    if not outgoing and 0 < taken < incoming:
                        found[token] = f"credited {taken} of {incoming} in {entry.tx_hash}"
    return found


def _holder(topic: str) -> str:
    """The address in an indexed word; a word that is none stays what it is, and is no pool's address."""
    return "0x" + topic[26:] if topic.startswith(_PADDING) else topic


def _is_swap_of(entry: Log | None, pool: Pool) -> bool:
    """A pair emits Sync and Swap one right after the other."""
    return entry is not None and entry.address == pool.address and entry.topics[:1] == (uniswap_v2.SWAP,)


def _paid_out(pool: Pool, entry: Log) -> dict[Address, int]:
    try:
        return dict(family_of(pool).paid_out(pool, entry)) if entry.topics else {}
    except ChainDataError:  # the mirror says what is wrong with it
        return {}


def _taken(pool: Pool, token: Address, entry: Log) -> int:
    """What a pair counted as its input of ``token``: the only kind that counts what it was sent."""
    if entry.topics[0] != uniswap_v2.SWAP:
        return 0
    place = 32 * pool.tokens.index(token)
    return int.from_bytes(entry.data[place : place + 32])


def _by_transaction(logs: Iterable[Log]) -> dict[str, list[Log]]:
    grouped: dict[str, list[Log]] = defaultdict(list)
    for entry in logs:
        grouped[entry.tx_hash].append(entry)
    return grouped
