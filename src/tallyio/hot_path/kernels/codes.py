"""What a family's kernel answers beside the amount, and the families' numbers in a row's first byte.

A row is a pool's whole state for quotes, as limbs of 64 bits; each family's kernel module documents its words.
"""

from tallyio.hot_path.state.layout import NO_FAMILY, V2, V3

REFUSED, PAID, BEYOND = 0, 1, 2
"""The contract reverts; it pays the amount; the numbers leave what the kernel computes with, and nothing is known."""

STABLE, TWOCRYPTO, TRICRYPTO, SOLIDLY, WEIGHTED, BALANCER_STABLE, LIQUIDITY_BOOK, PIECES = range(16, 24)

__all__ = [
    "BALANCER_STABLE",
    "BEYOND",
    "LIQUIDITY_BOOK",
    "NO_FAMILY",
    "PAID",
    "PIECES",
    "REFUSED",
    "SOLIDLY",
    "STABLE",
    "TRICRYPTO",
    "TWOCRYPTO",
    "V2",
    "V3",
    "WEIGHTED",
]
