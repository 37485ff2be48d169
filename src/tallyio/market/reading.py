"""Pool states read from the contracts at one block: to start a mirror, to mend it, and to judge it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.protocols.dex.family import Call, Learned, Reading, Refused
from tallyio.protocols.dex.siblings import family_of

Read = Callable[[Sequence[Call], int], Awaitable[list[tuple[bool, bytes]]]]
"""Runs calls at a block number: (success, returned bytes) of each, in order."""
BATCH = 2000
"""Calls in one ``read``: far below any node's gas limit for calls."""


class PoolsRead(msgspec.Struct):
    """What was read, by the address that each pool was asked for under. ``learned`` are pools that their announcement
    did not tell whole; ``refused`` says why a pool is not used. A pool without a state yet is in none."""

    states: dict[Address, PoolState] = {}
    learned: dict[Address, Pool] = {}
    refused: dict[Address, str] = {}


async def read_pools(
    read: Read, pools: Iterable[Pool], block: int, known: Mapping[Address, PoolState] = MappingProxyType({})
) -> PoolsRead:
    """All ``pools`` at ``block``, round by round together: as many batches as their longest reading has rounds.

    Of pools ``known`` only what events do not tell is asked. A pool whose contract answers otherwise than its family
    does is refused. Raises ``OutOfReachError`` when the node does not answer.
    """
    found = PoolsRead()
    open_: list[tuple[Pool, Reading, list[Call]]] = []
    for pool in pools:
        family, state = family_of(pool), known.get(pool.address)
        _next(pool, family.read(pool) if state is None else family.refresh(pool, state), None, open_, found)
    while open_:
        asked, open_ = open_, []
        answers = iter(await answers_of(read, [call for _, _, calls in asked for call in calls], block))
        for pool, reading, calls in asked:
            _next(pool, reading, [next(answers) for _ in calls], open_, found)
    return found


def _next(
    pool: Pool,
    reading: Reading,
    answers: list[bytes | None] | None,
    open_: list[tuple[Pool, Reading, list[Call]]],
    found: PoolsRead,
) -> None:
    """Takes one reading on to its next round, or to its end."""
    try:
        open_.append((pool, reading, reading.send(answers) if answers is not None else next(reading)))
    except StopIteration as end:
        match end.value:
            case Refused(reason):
                found.refused[pool.address] = reason
            case Learned(known, state):
                found.learned[pool.address], found.states[known.address] = known, state
            case PoolState() as state:
                found.states[pool.address] = state
    except ChainDataError as e:
        found.refused[pool.address] = e.message


async def answers_of(read: Read, calls: list[Call], block: int) -> list[bytes | None]:
    """What ``calls`` answer at ``block``, in batches; ``None`` for those that revert."""
    answers: list[bytes | None] = []
    for part in [calls[i : i + BATCH] for i in range(0, len(calls), BATCH)]:
        answers += [answer if success else None for success, answer in await read(part, block)]
    return answers
