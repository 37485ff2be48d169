"""The cycles as each pool sees them: a row of entries a pool, in blocks of sixteen.

An entry is a cycle turned so that its row's pool sells token0: the other pools' edges, where their own entries of
that cycle lie, the cycle's number and whether the turn ran against the stored order. Beside it lies the product of the
other edges' rates in both directions, in float32, sixteen forward and sixteen backward to a block: what an update
reads lies together, and a cache line tells eight cycles' both directions. ``cycle_index`` makes and keeps the rows.
"""

BLOCK = 16
MAX_HOPS = 4
ENTRY = 8
"""int32 words of an entry: three partner edges, cycle, three partner entries (-1: none), 1 where turned round."""
PARTNER, CYCLE, PLACE, TURNED = 0, 3, 4, 7
NO_EDGE = -1
