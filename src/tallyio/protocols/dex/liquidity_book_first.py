"""Pairs of Liquidity Book 2.0: views and events of their own, one event a bin, and fees apart from what bins hold.

The factory sets the terms of the fee, and lets the volatility decay, without an event of the pair: they are read at
every block.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, event, selector
from tallyio.protocols.dex.families.liquidity_book import (
    FeeRules,
    LiquidityBook,
    Volatility,
    accumulated,
    bin_amounts,
    fee_rate,
    price_at,
    refreshed,
)
from tallyio.protocols.dex.liquidity_book_events import bare, changed
from tallyio.protocols.dex.words import agree, topic, words

RESERVES_AND_ID, PARAMETERS = selector("getReservesAndId()"), selector("feeParameters()")
TOKEN_X, TOKEN_Y = selector("tokenX()"), selector("tokenY()")
_NEXT = selector("findFirstNonEmptyBinId(uint24,bool)")
SWAPPED = event("Swap(address,address,uint256,bool,uint256,uint256,uint256,uint256)")
DEPOSITED = event("DepositedToBin(address,address,uint256,uint256,uint256)")
WITHDRAWN = event("WithdrawnFromBin(address,address,uint256,uint256,uint256)")
TOPICS = frozenset({SWAPPED, DEPOSITED, WITHDRAWN})


def next_bin(lower: bool, bin_id: int) -> bytes:
    """The call that reverts where there is none."""
    return calldata(_NEXT, bin_id, int(lower))


def parameters(answer: bytes | None, at: Address, bin_step: int) -> tuple[FeeRules, Volatility]:
    """Raises ``ChainDataError`` where the pair has another bin step than it was announced with."""
    step, *rules, accumulator, reference, id_reference, updated = answered(answer, 12, at)
    if step != bin_step:
        raise ChainDataError(f"the pair {at} has the bin step {step}, expected {bin_step}")
    return FeeRules(*rules), Volatility(accumulator, reference, id_reference, updated)


def follow(book: LiquidityBook, logs: Sequence[Log], now: int) -> LiquidityBook | None:
    """The pair after its events; ``None`` where every swap of a block finds other references.

    Raises ``ChainDataError`` where a bin answered otherwise than the model does.
    """
    for log in logs:
        number = topic(log, 3)
        if log.topics[0] == SWAPPED:
            if not book.rules.filter_period:
                return None
            book = _swapped(book, log, number, now)
        else:
            x, y = words(log, 4, 2)
            book = changed(book, {number: (x, y)}, 1 if log.topics[0] == DEPOSITED else -1)
    return bare(book)


def _swapped(book: LiquidityBook, log: Log, number: int, now: int) -> LiquidityBook:
    x_for_y, entered, paid, accumulator, fee = words(log, 4, 5)
    volatility = accumulated(refreshed(book.volatility, book.rules, book.active_id, now), book.rules, number)
    rate, price = fee_rate(book.rules, book.bin_step, volatility.accumulator), price_at(number, book.bin_step)
    reserve = book.bins.get(number, (0, 0))[1 if x_for_y else 0]
    model = bin_amounts(book.version, entered + fee, reserve, price, bool(x_for_y), rate)
    agree(log, (entered + fee, paid, fee, accumulator), (*model, volatility.accumulator))
    moved = changed(book, {number: (entered, -paid) if x_for_y else (-paid, entered)}, 1)
    return msgspec.structs.replace(moved, active_id=number, volatility=volatility)
