"""What the events of Liquidity Book 2.1 and 2.2 do to a pair: each bin of a swap is judged by the exact model."""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.units import BPS, UINT128_MAX
from tallyio.protocols.dex.answers import event
from tallyio.protocols.dex.families.liquidity_book import (
    FeeRules,
    LiquidityBook,
    accumulated,
    bin_amounts,
    fee_rate,
    price_at,
    refreshed,
)
from tallyio.protocols.dex.words import words

CREATED = event("LBPairCreated(address,address,uint256,address,uint256)")
SWAPPED = event("Swap(address,address,uint24,bytes32,bytes32,uint24,bytes32,bytes32)")
DEPOSITED = event("DepositedToBins(address,address,uint256[],bytes32[])")
WITHDRAWN = event("WithdrawnFromBins(address,address,uint256[],bytes32[])")
FEES_SET = event("StaticFeeParametersSet(address,uint16,uint16,uint16,uint16,uint24,uint16,uint24)")
DECAYED = event("ForcedDecay(address,uint24,uint24)")
FLASH_LOAN = event("FlashLoan(address,address,uint24,bytes32,bytes32,bytes32)")
TOPICS = frozenset({SWAPPED, DEPOSITED, WITHDRAWN, FEES_SET, DECAYED, FLASH_LOAN})


def bare(book: LiquidityBook) -> LiquidityBook:
    """The state without what is not followed: fees beside the bins; and without empty bins, the others in order."""
    bins = {number: held for number, held in sorted(book.bins.items()) if any(held)}
    return msgspec.structs.replace(book, bins=bins, kept_fees=(0, 0))


def follow(book: LiquidityBook, logs: Sequence[Log], now: int) -> LiquidityBook | None:
    """The pair after its events; ``None`` where it must be read anew: after deposits into the active bin, which pay a
    fee and move the volatility, loans, and where every swap of a block finds other references.

    Raises ``ChainDataError`` where a bin answered otherwise than the model does.
    """
    for log in logs:
        kind = log.topics[0]
        if kind == SWAPPED:
            if not book.rules.filter_period:
                return None
            book = _swapped(book, log, now)
        elif kind == FEES_SET:
            book = msgspec.structs.replace(book, rules=FeeRules(*words(log, 2, 7)))
        elif kind in (DEPOSITED, WITHDRAWN):
            moved = _moved(log)
            if kind == DEPOSITED and book.active_id in moved:
                return None
            book = changed(book, moved, 1 if kind == DEPOSITED else -1)
        else:
            return None
    return bare(book)


def _swapped(book: LiquidityBook, log: Log, now: int) -> LiquidityBook:
    number, entered, left, accumulator, fees, kept = words(log, 3, 6)
    x_for_y = entered & UINT128_MAX != 0
    side = 0 if x_for_y else 1
    taken, paid, fee, ours = (each >> 128 * where & UINT128_MAX for each, where in
                              ((entered, side), (left, 1 - side), (fees, side), (kept, side)))  # fmt: skip
    volatility = accumulated(refreshed(book.volatility, book.rules, book.active_id, now), book.rules, number)
    held = book.bins.get(number, (0, 0))
    rate = fee_rate(book.rules, book.bin_step, volatility.accumulator)
    model = bin_amounts(book.version, taken, held[1 - side], price_at(number, book.bin_step), x_for_y, rate)
    told = taken, paid, fee
    if model != told or (accumulator, ours) != (volatility.accumulator, fee * book.rules.protocol_share // BPS):
        raise ChainDataError(f"{log.address}: a swap in bin {number} tells {told}, expected {model}")
    change = [0, 0]
    change[side], change[1 - side] = taken - ours, -paid
    moved = changed(book, {number: (change[0], change[1])}, 1)
    return msgspec.structs.replace(moved, active_id=number, volatility=volatility)


def changed(book: LiquidityBook, moved: dict[int, tuple[int, int]], sign: int) -> LiquidityBook:
    """With so much more (``sign`` 1) or less in each bin. Raises ``ChainDataError`` where a bin has not that much."""
    bins, (x, y) = dict(book.bins), book.reserves
    for number, (dx, dy) in moved.items():
        before = bins.get(number, (0, 0))
        after = before[0] + sign * dx, before[1] + sign * dy
        if min(after) < 0:
            raise ChainDataError(f"bin {number} holds {before}, an event takes {dx, dy}")
        bins[number] = after
        x, y = x + sign * dx, y + sign * dy
    return msgspec.structs.replace(book, bins=bins, reserves=(x, y))


def _moved(log: Log) -> dict[int, tuple[int, int]]:
    """Amounts by bin of an event with the arrays of both."""
    found = [int.from_bytes(log.data[k : k + 32]) for k in range(0, len(log.data), 32)]
    n = found[2] if len(found) > 2 else 0
    if len(log.topics) != 3 or len(log.data) % 32 or len(found) != 4 + 2 * n or found[3 + n] != n:
        raise ChainDataError(f"{log.address}: an event of {len(found)} words, expected two arrays of one length")
    moved: dict[int, tuple[int, int]] = {}
    for number, packed in zip(found[3 : 3 + n], found[4 + n :], strict=True):
        x, y = moved.get(number, (0, 0))
        moved[number] = x + (packed & UINT128_MAX), y + (packed >> 128)
    return moved
