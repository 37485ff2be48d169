"""A pool of two tokens in doubles, as pieces of constant product, over a row: none of its quotes is exact.

Row words: 0 family; 1 and 2 how many pieces there are for sales of token 0 and of token 1; from 3 on per piece, those
of token 0 first, as bits of doubles: reserves in and out, and how much may come in before the next piece begins, all
with the fee in them.
"""

COUNTS, PIECES = 1, 3
PIECE = 3
