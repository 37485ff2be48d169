"""The graph of tokens and pools: which pools trade a pair of tokens, which tokens a token is traded for."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cycle_index.layout import (
    DEGREE,
    FIRST_LINK,
    HEAD,
    LAST_LINK,
    LINK,
    LINKS,
    LINKS_USED,
    NEXT,
    NEXT0,
    POOL,
    TAIL,
    TOKEN,
    TOKEN0,
    TOKEN1,
)

Words = Any
Index = Any


@kernel
def _slot_of(a: Index, b: Index, links: Words, slots: Words, mask: Index) -> Index:
    """Where the link of ``a`` and ``b`` is, or would be, in the hash table ``slots`` (link or -1, a power of two)."""
    low, high = min(a, b), max(a, b)
    mixed = (low * 0x9E3779B1) ^ (high * 0x85EBCA77)
    at = (mixed ^ (mixed >> 17)) & mask
    while slots[at] >= 0:
        link = np.int64(slots[at]) * LINKS
        if links[link + TOKEN0] == low and links[link + TOKEN1] == high:
            break
        at = (at + 1) & mask
    return at


@kernel
def link_between(a: Index, b: Index, links: Words, slots: Words, mask: Index) -> Index:
    """The link of two tokens, -1 where none has been."""
    return np.int64(slots[_slot_of(a, b, links, slots, mask)])


@kernel
def next_link(link: Index, token: Index, links: Words) -> Index:
    """The link after ``link`` at ``token``."""
    at = link * LINKS
    return np.int64(links[at + NEXT0 + (links[at + TOKEN1] == token)])


@kernel
def far_end(link: Index, token: Index, links: Words) -> Index:
    at = link * LINKS
    return np.int64(links[at + TOKEN0]) + np.int64(links[at + TOKEN1]) - token


@kernel
def join(pool: Index, pools: Words, links: Words, tokens: Words, slots: Words, mask: Index, tally: Words) -> None:
    """Puts the pool last in its link's list; room for one more link is the caller's care."""
    token0, token1 = np.int64(pools[pool * POOL + TOKEN0]), np.int64(pools[pool * POOL + TOKEN1])
    slot = _slot_of(token0, token1, links, slots, mask)
    link = np.int64(slots[slot])
    if link < 0:
        link = np.int64(tally[LINKS_USED])
        tally[LINKS_USED] = link + 1
        slots[slot] = link
        low, high = min(token0, token1), max(token0, token1)
        at = link * LINKS
        links[at + TOKEN0], links[at + TOKEN1] = low, high
        links[at + HEAD] = links[at + TAIL] = links[at + NEXT0] = links[at + NEXT0 + 1] = -1
        for token in (low, high):
            last = np.int64(tokens[token * TOKEN + LAST_LINK])
            if last < 0:
                tokens[token * TOKEN + FIRST_LINK] = link
            else:
                links[last * LINKS + NEXT0 + (links[last * LINKS + TOKEN1] == token)] = link
            tokens[token * TOKEN + LAST_LINK] = link
            tokens[token * TOKEN + DEGREE] += 1
    pools[pool * POOL + LINK], pools[pool * POOL + NEXT] = link, -1
    last = np.int64(links[link * LINKS + TAIL])
    if last < 0:
        links[link * LINKS + HEAD] = pool
    else:
        pools[last * POOL + NEXT] = pool
    links[link * LINKS + TAIL] = pool


@kernel
def leave(pool: Index, pools: Words, links: Words) -> None:
    """Takes the pool out of its link's list; the link stays, be it empty."""
    at = np.int64(pools[pool * POOL + LINK]) * LINKS
    before, here = np.int64(-1), np.int64(links[at + HEAD])
    while here != pool:
        before, here = here, np.int64(pools[here * POOL + NEXT])
    after = pools[pool * POOL + NEXT]
    if before < 0:
        links[at + HEAD] = after
    else:
        pools[before * POOL + NEXT] = after
    if links[at + TAIL] == pool:
        links[at + TAIL] = before
    pools[pool * POOL + LINK] = pools[pool * POOL + NEXT] = -1


@kernel
def rehash(links: Words, count: Index, slots: Words, mask: Index) -> None:
    """Puts ``count`` links into an empty table."""
    for link in range(count):
        at = link * LINKS
        slots[_slot_of(np.int64(links[at + TOKEN0]), np.int64(links[at + TOKEN1]), links, slots, mask)] = link
