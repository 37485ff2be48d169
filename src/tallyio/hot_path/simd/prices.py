"""Marginal rates of many pools at once: what the next infinitely small input of a pool pays, after its fee.

Floats that point to candidates and decide nothing. No fast-math: each item takes the same IEEE 754 operations in the
same order however wide the vector is, so the compiled answer equals the plain one to the bit. All arrays are float64,
contiguous, of one length ``n``; ``kept`` is what the fee leaves, such as 0.997. Lengths are not checked.
"""

from typing import Any

from tallyio.hot_path.compiled import kernel

Floats = Any


@kernel
def v2_rates(reserve0: Floats, reserve1: Floats, kept: Floats, forward: Floats, backward: Floats) -> None:
    """Rates of constant-product pools: token 1 for token 0 into ``forward``, the other way into ``backward``.

    An empty side, or one that is no number, gives the rate 0: no candidate.
    """
    for i in range(forward.size):
        a, b, k = reserve0[i], reserve1[i], kept[i]
        live = (a > 0.0) & (b > 0.0)
        a = a if live else 1.0
        b = b if live else 1.0
        k = k if live else 0.0
        forward[i] = k * (b / a)
        backward[i] = k * (a / b)


@kernel
def v3_rates(root: Floats, kept: Floats, forward: Floats, backward: Floats) -> None:
    """Rates of concentrated-liquidity pools from the square roots of their prices, sqrtPriceX96 / 2^96.

    A root that is not positive, or is no number, gives the rate 0.
    """
    for i in range(forward.size):
        r, k = root[i], kept[i]
        live = r > 0.0
        r = r if live else 1.0
        k = k if live else 0.0
        price = r * r
        forward[i] = k * price
        backward[i] = k / price
