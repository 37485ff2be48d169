"""What the writer and the reader of a shared market do until they are killed.

Every state keeps a relation between its words, and every block moves every pool, so that half of anything shows.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tallyio.core.chain import BlockRef
from tallyio.core.errors import OperatorError, RetryableError
from tallyio.core.pools import V2, V3, Pool, PoolState, V2State, V3State
from tallyio.core.units import Address, Hash32
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.shared import plan
from tallyio.hot_path.shared.kernels import publish
from tallyio.hot_path.shared.reader import SharedMarket
from tallyio.hot_path.shared.writer import MarketWriter
from tallyio.hot_path.state.layout import EVENT, EVENT_STAMP

NAME = "market-1-chaos"
COUNT = 12
FIRST_ROOM = 2
"""Less than there are pools: each writer makes larger memory three times before it settles."""
FOREVER = 2**62
PICTURES, WRONG, UNREAD, SINGLE, NEWEST = range(5)


def pool(number: int) -> Pool:
    family, fee, spacing = (V3, 500, 10) if number % 2 else (V2, 3000, 0)
    tokens = Address(f"0x{1:040x}"), Address(f"0x{2:040x}")
    return Pool(Address(f"0x{number + 77:040x}"), family, "exchange", tokens, fee, spacing)


POOLS = [pool(number) for number in range(COUNT)]


def state(number: int, version: int) -> PoolState:
    if number % 2:
        return V3State((version + 1 << 64) | version + 2, version & 0xFFFF, (version + 3 << 64) | version + 4)
    return V2State((number << 64) | version + 1, (number + 1 << 64) | version + 2)


@kernel
def write_on(
    events: Any, erased: Any, about: Any, head: Any, records: Any, floats: Any, rates: Any, first: Any, most: Any
) -> None:
    """Publishes block after block from number ``first``, as ``state`` has them."""
    for version in range(first, first + most):
        word = np.uint64(version)
        for number in range(len(events) // EVENT):
            at = number * EVENT
            events[at] = np.uint64(number)
            if number % 2:
                events[at] |= (word & np.uint64(0xFFFF)) << np.uint64(32)
                events[at + 1], events[at + 2], events[at + 3] = word + np.uint64(2), word + np.uint64(1), np.uint64(0)
                events[at + 4], events[at + 5] = word + np.uint64(4), word + np.uint64(3)
            else:
                events[at + 1], events[at + 2] = word + np.uint64(1), np.uint64(number)
                events[at + 3], events[at + 4] = word + np.uint64(2), np.uint64(number + 1)
            events[at + EVENT_STAMP] = word
        about[plan.NUMBER - 1] = word
        publish(events, erased, about, head, records, floats, rates)


def block(number: int) -> BlockRef:
    return BlockRef(number, Hash32("0x" + "22" * 32), Hash32("0x" + "11" * 32), number)


def write(folder: Path, first: int, ready: Callable[[], None], most: int = FOREVER) -> None:
    ready()
    writing = MarketWriter(NAME, 1, FIRST_ROOM, folder=folder)
    writing.publish(block(first), [(each, state(number, first)) for number, each in enumerate(POOLS)])
    here = writing._here
    about = writing._about(block(first))
    write_on(
        np.zeros(COUNT * EVENT, np.uint64), np.zeros(0, np.int64), about, here["head"], here["records"],
        here["floats"], here["rates"], first + 1, most,
    )  # fmt: skip
    if most != FOREVER:
        here.clear()
        writing.close()


def look(market: SharedMarket, counts: Any) -> None:
    """Counts a picture that is wrong in any word, and what could not be read."""
    try:
        found = market.picture(patience_s=0.02)
    except RetryableError:
        counts[UNREAD] += 1
    else:
        counts[PICTURES] += bool(found.number)
        counts[NEWEST] = found.number
        for number, reading in enumerate(found.pools):
            whole = reading.pool == POOLS[number] and reading.stamp == found.number
            counts[WRONG] += not (whole and reading.state == state(number, reading.stamp))
        counts[WRONG] += found.number > 0 and len(found.pools) != COUNT
        for number in range(len(found.pools)):
            try:
                single = market.monitor.read(number)
            except RetryableError:
                counts[UNREAD] += 1
                continue
            counts[SINGLE] += 1
            counts[WRONG] += single is None or single[0] != state(number, single[1])


def read(folder: Path, counts: Any, ready: Callable[[], None]) -> None:
    """Looks at whatever is published, whoever publishes it, until killed."""
    ready()
    while True:
        try:
            market = SharedMarket.attach(NAME, folder=folder)
        except RetryableError:
            continue
        except OperatorError as error:
            if "died while making" not in str(error):
                raise
            continue
        with market:
            while not market.retired:
                look(market, counts)
