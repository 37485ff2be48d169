"""The cycles of one pool among those that are joined: two swaps, then three, then four.

The walk starts at the pool's token of more partners, crosses the pool, and looks for a way back. The last two links of
a way of four are met from the side that has fewer links to look at, so a hub costs its lesser neighbour's links.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cycle_index.entries import put, room_for
from tallyio.hot_path.cycle_index.layout import (
    ANCHOR,
    BASE,
    BEYOND,
    COUNT,
    CUT_SHORT,
    CYCLES,
    DEGREE,
    DONE,
    FIRST_LINK,
    GO,
    GROUP,
    HEAD,
    LEFT_BASE,
    LEFT_POOL,
    LEFT_TOTAL,
    LINKS,
    MAX_HOPS,
    MOST_CYCLES,
    MOST_OF_POOL,
    NEXT,
    NO_PARTNER,
    ONLY_BASE,
    POOL,
    RANGE,
    SHORT,
    STOP,
    TOKEN,
    TOKEN0,
    TOKEN1,
)
from tallyio.hot_path.cycle_index.links import far_end, join, link_between, next_link
from tallyio.hot_path.pointer import pointer

Array = Any
Words = Any
Index = Any

_EDGES = 4


@kernel
def connect(
    begin: Index, end: Index, pools: Array, links: Array, tokens: Array, slots: Array, ranges: Array, entries: Array,
    edges: Array, home: Array, tally: Array, touched: Array, limits: Array, blocks: Index,
) -> Index:  # fmt: skip
    """Finds and keeps the cycles of each pool from ``begin`` on and joins it to the graph, one after the other.

    Returns ``end``, or the pool at which ``edges`` (four a cycle) or ``entries`` (``blocks`` of sixteen) are full: call
    again from that one when they are larger; ``tally[DONE]`` remembers how far its walk was. The caller has made room
    for the pools, a link each, their tokens, and slots for twice the links.
    """
    graph_pools, graph_links, graph_tokens, graph_slots = (
        pointer(pools),
        pointer(links),
        pointer(tokens),
        pointer(slots),
    )
    counts = pointer(tally)
    work = np.zeros(6, np.int64)
    for pool in range(begin, end):
        code = _walk(
            np.int64(pool), graph_pools, graph_links, graph_tokens, graph_slots, len(slots) - 1, pointer(ranges),
            pointer(entries), pointer(edges), pointer(home), counts, pointer(touched), pointer(limits),
            len(home), blocks, pointer(work),
        )  # fmt: skip
        if code == SHORT:
            return np.int64(pool)
        counts[DONE] = 0
        join(np.int64(pool), graph_pools, graph_links, graph_tokens, graph_slots, len(slots) - 1, counts)
    return np.int64(end)


_A, _B, _C, _D, _NUMBER, _LOOKED = 0, 1, 2, 3, 4, 5
"""Words of a walk's work: the tokens in order, cycles found so far, links looked at when nothing can be kept."""


@kernel
def _walk(
    pool: Index, pools: Words, links: Words, tokens: Words, slots: Words, mask: Index, ranges: Words, entries: Words,
    edges: Words, home: Words, tally: Words, touched: Words, limits: Words, cycles: Index, blocks: Index, work: Words,
) -> Index:  # fmt: skip
    a, b = np.int64(pools[pool * POOL + TOKEN0]), np.int64(pools[pool * POOL + TOKEN1])
    if tokens[a * TOKEN + DEGREE] < tokens[b * TOKEN + DEGREE]:
        a, b = b, a
    work[_A], work[_B], work[_NUMBER], work[_LOOKED] = a, b, 0, 0
    code = GO
    back = link_between(a, b, links, slots, mask)
    if back >= 0:
        code = _combine(
            2, pool, back, -1, -1, pools, links, tokens, ranges, entries, edges, home, tally, touched, limits, cycles,
            blocks, work,
        )  # fmt: skip
    for hops in range(3, limits[MAX_HOPS] + 1):
        first = np.int64(tokens[b * TOKEN + FIRST_LINK])
        while first >= 0 and code == GO:
            c = far_end(first, b, links)
            if c != a and links[first * LINKS + HEAD] >= 0:
                work[_C] = c
                if hops == 3:
                    last = link_between(c, a, links, slots, mask)
                    code = _looked(hops, pool, ranges, tally, limits, work)
                    if last >= 0 and code == GO:
                        code = _combine(
                            3, pool, first, last, -1, pools, links, tokens, ranges, entries, edges, home, tally,
                            touched, limits, cycles, blocks, work,
                        )  # fmt: skip
                else:
                    near = tokens[c * TOKEN + DEGREE] <= tokens[a * TOKEN + DEGREE]
                    here, there = (c, a) if near else (a, c)
                    link = np.int64(tokens[here * TOKEN + FIRST_LINK])
                    while link >= 0 and code == GO:
                        d = far_end(link, here, links)
                        code = _looked(hops, pool, ranges, tally, limits, work)
                        if d != b and d != there and links[link * LINKS + HEAD] >= 0 and code == GO:
                            other = link_between(d, there, links, slots, mask)
                            if other >= 0:
                                work[_D] = d
                                middle, last = (link, other) if near else (other, link)
                                code = _combine(
                                    4, pool, first, middle, last, pools, links, tokens, ranges, entries, edges, home,
                                    tally, touched, limits, cycles, blocks, work,
                                )  # fmt: skip
                        link = next_link(link, here, links)
            first = next_link(first, b, links)
    if code == STOP:
        tally[CUT_SHORT] += 1
    return code


@kernel
def _share(limit: Index, hops: Index) -> Index:
    """Cycles of four leave half of a limit to the shorter ones of pools that come later."""
    return limit if hops < _EDGES else (limit + 1) // 2


@kernel
def _looked(hops: Index, pool: Index, ranges: Words, tally: Words, limits: Words, work: Words) -> Index:
    """Counts a look that can only add to what is left out; ``STOP`` after too many."""
    most, most_of_pool = _share(limits[MOST_CYCLES], hops), _share(limits[MOST_OF_POOL], hops)
    if tally[CYCLES] >= most or ranges[pool * RANGE + COUNT] >= most_of_pool:
        work[_LOOKED] += 1
        if work[_LOOKED] > BEYOND:
            return STOP
    return GO


@kernel
def _combine(
    hops: Index, pool: Index, first: Index, second: Index, third: Index, pools: Words, links: Words, tokens: Words,
    ranges: Words, entries: Words, edges: Words, home: Words, tally: Words, touched: Words, limits: Words,
    cycles: Index, blocks: Index, work: Words,
) -> Index:  # fmt: skip
    """Every choice of one pool from each link; ``work`` holds the tokens between them."""
    a, b, c, d = work[_A], work[_B], work[_C], work[_D]
    start = 2 * pool + (pools[pool * POOL + TOKEN1] == a)
    one = np.int64(links[first * LINKS + HEAD])
    while one >= 0:
        edge1 = 2 * one + (pools[one * POOL + TOKEN1] == b)
        two = np.int64(links[second * LINKS + HEAD]) if hops > 2 else np.int64(-2)
        while two != -1:
            edge2 = 2 * two + (pools[two * POOL + TOKEN1] == c) if two >= 0 else np.int64(-1)
            three = np.int64(links[third * LINKS + HEAD]) if hops > 3 else np.int64(-2)
            while three != -1:
                edge3 = 2 * three + (pools[three * POOL + TOKEN1] == d) if three >= 0 else np.int64(-1)
                code = _take(
                    start, edge1, edge2, edge3, hops, pools, tokens, ranges, entries, edges, home, tally, touched,
                    limits, cycles, blocks, work,
                )  # fmt: skip
                if code == GO:
                    code = _looked(hops, pool, ranges, tally, limits, work)
                if code != GO:
                    return code
                three = np.int64(pools[three * POOL + NEXT]) if three >= 0 else np.int64(-1)
            two = np.int64(pools[two * POOL + NEXT]) if two >= 0 else np.int64(-1)
        one = np.int64(pools[one * POOL + NEXT])
    return GO


@kernel
def _take(
    edge0: Index, edge1: Index, edge2: Index, edge3: Index, hops: Index, pools: Words, tokens: Words, ranges: Words,
    entries: Words, edges: Words, home: Words, tally: Words, touched: Words, limits: Words, cycles: Index,
    blocks: Index, work: Words,
) -> Index:  # fmt: skip
    """Keeps the cycle or counts why not; ``SHORT`` where there is no room for it. One that passes a group twice is
    none."""
    if _meets_itself(edge0, edge1, edge2, edge3, pools):
        return GO
    work[_NUMBER] += 1
    if work[_NUMBER] <= tally[DONE]:
        return GO
    based, crowded = limits[ONLY_BASE] == 0, False
    most, most_of_pool = _share(limits[MOST_CYCLES], hops), _share(limits[MOST_OF_POOL], hops)
    for i in range(hops):
        based = based or tokens[work[i] * TOKEN + BASE] != 0
    for edge in (edge0, edge1, edge2, edge3):
        crowded = crowded or (edge >= 0 and ranges[(edge >> 1) * RANGE + COUNT] >= most_of_pool)
    if not based:
        tally[LEFT_BASE] += 1
    elif tally[CYCLES] >= most:
        tally[LEFT_TOTAL] += 1
    elif crowded:
        tally[LEFT_POOL] += 1
    else:
        cycle = np.int64(tally[CYCLES])
        if cycle >= cycles:
            return SHORT
        at = cycle * _EDGES
        edges[at], edges[at + 1], edges[at + 2], edges[at + 3] = edge0, edge1, edge2, edge3
        _turn(at, hops, pools, edges, limits[ANCHOR])
        if not room_for(cycle, ranges, edges, tally, blocks):
            return SHORT
        put(cycle, ranges, entries, edges, home, tally, touched, limits[NO_PARTNER])
        tally[CYCLES] = cycle + 1
    tally[DONE] = work[_NUMBER]
    return GO


@kernel
def _meets_itself(edge0: Index, edge1: Index, edge2: Index, edge3: Index, pools: Words) -> Index:
    """Whether two of the edges are of one group."""
    a, b = pools[(edge0 >> 1) * POOL + GROUP], pools[(edge1 >> 1) * POOL + GROUP]
    if a == b:
        return True
    if edge2 < 0:
        return False
    c = pools[(edge2 >> 1) * POOL + GROUP]
    if c in (a, b):
        return True
    if edge3 < 0:
        return False
    d = pools[(edge3 >> 1) * POOL + GROUP]
    return d in (a, b, c)


@kernel
def _turn(at: Index, hops: Index, pools: Words, edges: Words, anchor: Index) -> None:
    """The form that a cycle has however it was found: its lowest pool sells token0; it starts at the anchor, else at
    its lowest token."""
    lowest = np.int64(edges[at])
    for i in range(1, hops):
        lowest = min(lowest, np.int64(edges[at + i]))
    if lowest & 1:
        for i in range((hops + 1) // 2):
            left, right = edges[at + i], edges[at + hops - 1 - i]
            edges[at + i], edges[at + hops - 1 - i] = right ^ 1, left ^ 1
    begin, least = np.int64(0), np.int64(-1)
    for i in range(hops):
        edge = np.int64(edges[at + i])
        token = np.int64(pools[(edge >> 1) * POOL + (edge & 1)])
        if token == anchor:
            begin = np.int64(i)
            break
        if least < 0 or token < least:
            begin, least = np.int64(i), token
    for _ in range(begin):
        edge = edges[at]
        for i in range(hops - 1):
            edges[at + i] = edges[at + i + 1]
        edges[at + hops - 1] = edge
