"""How a market lies in its segment, and what the segment is called.

A head that one sequence guards (block and counts), the pools' addresses, then records, floats and rates as
``state.layout`` has them. Pools are numbered in the order in which they were first published and keep their numbers.
"""

from hashlib import blake2b
from pathlib import Path

import numpy as np

from tallyio.hot_path.memory.arena import Reservation, bytes_needed, version_hash
from tallyio.hot_path.state.layout import FLOATS, RECORD

PREFIX = "market-"
SEQUENCE, NUMBER, HASH, TIMESTAMP, POOLS, CAPACITY, CHAIN, REFUSED = 0, 1, 2, 6, 7, 8, 9, 10
HEAD = 16
GUARDED = 10
"""Words of the head that its sequence guards. The hash takes four."""

LONGEST_NAME = 64
"""Bytes kept of a protocol's name."""
ENTRY = np.dtype([("pool", "u1", 20), ("token0", "u1", 20), ("token1", "u1", 20), ("protocol", f"S{LONGEST_NAME}")])
MOST = 2**26
"""Pools that a segment can hold."""


def reservations(capacity: int) -> tuple[Reservation, ...]:
    return (
        Reservation("head", np.uint64, (HEAD,)),
        Reservation("records", np.uint64, (capacity * RECORD,)),
        Reservation("floats", np.float64, (capacity * FLOATS,)),
        Reservation("rates", np.float64, (capacity * 2,)),
        Reservation("directory", ENTRY, (capacity,)),
    )


def size_of(capacity: int) -> int:
    """Bytes of a segment for so many pools."""
    return bytes_needed(reservations(capacity))


def layout_word() -> int:
    """What a segment's header names: the same for every capacity, another for every version of the kernels."""
    return version_hash(reservations(1))


def segment_name(chain_id: int, data_dir: Path) -> str:
    """One for each searcher: a data folder belongs to one alone."""
    place = blake2b(str(data_dir.resolve()).encode(), digest_size=8).hexdigest()
    return f"{PREFIX}{chain_id}-{place}"
