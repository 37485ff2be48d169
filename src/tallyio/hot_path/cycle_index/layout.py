"""Where the index keeps what: flat arrays of integers, a fixed number of words a thing, -1 for none.

A *link* is a pair of tokens that pools trade; pools of one link form a list, links of one token another, both in the
order in which they came.
"""

POOL = 5
"""Words of a pool: its tokens, its link, the next pool of the link, and its group: a cycle passes one once."""
TOKEN0, TOKEN1, LINK, NEXT, GROUP = 0, 1, 2, 3, 4

LINKS = 6
"""Words of a link: its tokens, its first and last pool, and the next link at each of its tokens."""
HEAD, TAIL, NEXT0, NEXT1 = 2, 3, 4, 5

TOKEN = 4
"""Words of a token: its first and last link, how many links it has, and whether it is a base token."""
FIRST_LINK, LAST_LINK, DEGREE, BASE = 0, 1, 2, 3

RANGE = 4
"""Words of a pool's row: its first block, entries in use, and blocks that it may use."""
FIRST, COUNT, ROOM = 0, 1, 2

CYCLES, BLOCKS, LINKS_USED, TOUCHED, DONE, SHORT_OF, MOVED = 0, 1, 2, 3, 4, 5, 6
"""The tally: cycles, blocks and links in use, rows ever touched, cycles of the present walk that are dealt with, blocks
that were missing, and cycles ever renumbered."""
LEFT_TOTAL, LEFT_POOL, LEFT_BASE, CUT_SHORT = 8, 9, 10, 11
"""What the limits left out: cycles by each limit, and walks that ended before all was counted."""
FREE = 16
"""From here on, the first free range of 2^0, 2^1, ... blocks."""
SIZES = 32
TALLY = FREE + SIZES

MAX_HOPS, MOST_CYCLES, MOST_OF_POOL, ONLY_BASE, ANCHOR, NO_PARTNER = 0, 1, 2, 3, 4, 5
"""The limits: hops, cycles in all and through one pool, whether only cycles of base tokens are kept; the token at
which cycles start where they can; and the edge whose rate is 1."""
LIMITS = 6

RING = 1 << 16
"""Rows last touched that are remembered for who follows the index."""
BEYOND = 1 << 12
"""Links that a walk still looks at to count cycles when none of them can be kept any more."""

GO, SHORT, STOP = 0, 1, 2
