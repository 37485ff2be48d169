"""One direction of a Liquidity Book pair in floats: straight pieces, a bin each. Only points to a candidate."""

from typing import NamedTuple

from tallyio.protocols.dex.families.liquidity_book import (
    ONE,
    LiquidityBook,
    accumulated,
    fee_rate,
    next_bin,
    price_at,
    refreshed,
)

_SCALE = float(1 << 128)


class Piece(NamedTuple):
    """Inputs up to ``capacity``, fee included, yield ``rate`` each."""

    rate: float
    capacity: float


class BookCurve:
    __slots__ = ("pieces",)

    def __init__(self, book: LiquidityBook, x_for_y: bool, now: int) -> None:
        self.pieces: list[Piece] = []
        ids, number = sorted(book.bins), book.active_id
        volatility = refreshed(book.volatility, book.rules, number, now)
        at: int | None = number
        while at is not None:
            held = book.bins.get(at, (0, 0))[1 if x_for_y else 0]
            if held:
                volatility = accumulated(volatility, book.rules, at)
                price = price_at(at, book.bin_step) / _SCALE
                keep = 1.0 - fee_rate(book.rules, book.bin_step, volatility.accumulator) / ONE
                rate = keep * (price if x_for_y else 1.0 / price)
                self.pieces.append(Piece(rate, held / rate))
            at = next_bin(ids, at, x_for_y)

    @property
    def depth(self) -> float:
        return sum(piece.capacity for piece in self.pieces)

    def output(self, amount_in: float) -> float:
        out, left = 0.0, amount_in
        for rate, capacity in self.pieces:
            used = min(left, capacity)
            out += used * rate
            left -= used
            if left <= 0:
                break
        return out

    def rate(self, amount_in: float = 0.0) -> float:
        left = amount_in
        for rate, capacity in self.pieces:
            if left < capacity:
                return rate
            left -= capacity
        return 0.0
