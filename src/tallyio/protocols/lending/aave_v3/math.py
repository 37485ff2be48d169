"""Fixed-point arithmetic of Aave v3.6 with its rounding directions (WadRayMath, PercentageMath, TokenMath).

All arguments are non-negative ints. Supplied balances round down and debts round up, always in the market's favour.
"""

RAY = 10**27
WAD = 10**18
_HALF_RAY = RAY // 2
BPS = 10_000
SECONDS_PER_YEAR = 365 * 24 * 3600


def ray_mul(a: int, b: int) -> int:
    """Nearest, halves up."""
    return (a * b + _HALF_RAY) // RAY


def ray_div(a: int, b: int) -> int:
    """Nearest, halves up."""
    return (a * RAY + b // 2) // b


def wad_div(a: int, b: int) -> int:
    """Nearest, halves up."""
    return (a * WAD + b // 2) // b


def percent_mul(value: int, bps: int) -> int:
    """Nearest, halves up."""
    return (value * bps + BPS // 2) // BPS


def percent_mul_ceil(value: int, bps: int) -> int:
    return -(-value * bps // BPS)


def percent_div(value: int, bps: int) -> int:
    """Nearest, halves up."""
    return (value * BPS + bps // 2) // bps


def percent_div_ceil(value: int, bps: int) -> int:
    return -(-value * BPS // bps)


def mul_div_ceil(a: int, b: int, c: int) -> int:
    return -(-a * b // c)


def supplied_balance(scaled: int, index: int) -> int:
    """aToken balance of a scaled amount: down."""
    return scaled * index // RAY


def debt_balance(scaled: int, index: int) -> int:
    """Debt of a scaled amount: up."""
    return -(-scaled * index // RAY)


def scaled_down(amount: int, index: int) -> int:
    """Scaled amount of a supply (minted) or of a repayment (burned): down."""
    return amount * RAY // index


def scaled_up(amount: int, index: int) -> int:
    """Scaled amount of a withdrawal or transfer (burned, moved) or of a borrow (minted): up."""
    return -(-amount * RAY // index)


def linear_interest(rate: int, seconds: int) -> int:
    """Growth factor (ray) of the supply side over ``seconds`` at yearly ``rate`` (ray)."""
    return RAY + rate * seconds // SECONDS_PER_YEAR


def compounded_interest(rate: int, seconds: int) -> int:
    """Growth factor (ray) of debt over ``seconds`` at yearly ``rate`` (ray): three terms of the exponential."""
    if seconds == 0:
        return RAY
    x = rate * seconds // SECONDS_PER_YEAR
    return RAY + x + ray_mul(x, x // 2 + ray_mul(x, x // 6))
