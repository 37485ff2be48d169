"""Where everything lies. A pool's record is 16 words, two cache lines.

Words 0 to 9 are a sequence lock and what it guards, for any process; from word 10 on the detector keeps its own.
A v2 pool has its reserves, 128 bits each, at ``AMOUNTS`` and two words on; a v3 pool its square-root price (Q64.96,
four limbs) there, then liquidity and tick.
"""

RECORD = 16
SEQUENCE, HEADER, AMOUNTS, LIQUIDITY, TICK, STAMP = 0, 1, 2, 6, 8, 9
SHARED = 9
"""Words that the sequence guards."""
ROW_BLOCK, ROW_COUNT, BELOW, ABOVE, FLAGS = 10, 11, 12, 13, 14

NO_FAMILY, V2, V3 = 0, 1, 2
FEE_SHIFT, SPACING_SHIFT = 8, 32

COST_BELOW, COST_ABOVE, LOCATED, STALE_BELOW, STALE_ABOVE = 1, 2, 4, 8, 16
"""Flags: whether the first step's cost is kept, the stops are found, and the tick table contradicts the liquidity."""

FLOATS = 8
"""Per pool: the (virtual) reserves of token0 and token1, the share that the fee leaves, and the reserve of token0 at
the next stop below, that of token1 at the next stop above."""
RESERVE0, RESERVE1, KEPT, END0, END1 = 0, 1, 2, 3, 4

BOUNDS = 4
"""Per pool: begin and end of its stops below, begin and end of those above."""
FIRST = 8
"""Per pool: cost and output of the whole first step below, then above; 128 bits each."""

STOP = 16
"""Per stop: price, liquidity beyond it (128 bits), input with fee and output of all whole steps before it; the sums
have 256 bits, since a position over the full range costs more at its far ends than any token's supply."""
STOP_PRICE, STOP_LIQUIDITY, STOP_INPUT, STOP_OUTPUT = 0, 4, 6, 10
STOP_FLOATS = 2
"""Per stop: the square-root price as a float (token1 per token0, raw units) and the liquidity beyond."""

EVENT = 8
"""Words of an event: pool and tick, amounts as in a record, stamp; the eighth is the ring's."""
EVENT_STAMP = 6


def header(family: int, fee_pips: int, tick_spacing: int = 0) -> int:
    return family | fee_pips << FEE_SHIFT | tick_spacing << SPACING_SHIFT
