"""Ether amounts for people: exact integer division, rounded towards zero."""

from tallyio.core.units import ETHER


def ether(wei: int, places: int = 6) -> str:
    """``wei`` in ether with ``places`` decimals; amounts too small for them say so instead of showing zero."""
    sign = "-" if wei < 0 else ""
    unit = ETHER // 10**places
    whole, rest = divmod(abs(wei) // unit, 10**places)
    if wei and not whole and not rest:
        return f"{sign}<{1 / 10**places:.{places}f}"
    return f"{sign}{whole:,}.{rest:0{places}d}"


def percent(share: float | None) -> str:
    return "not measured" if share is None else f"{share * 100:.2f} %"
