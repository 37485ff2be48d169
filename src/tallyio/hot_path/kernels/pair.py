"""Pairs of constant product over a row: 0 family, 1 the fee in millionths, 2 and 4 the reserves (128 bits each)."""

FEE, RESERVES = 1, 2
WORDS = 6
