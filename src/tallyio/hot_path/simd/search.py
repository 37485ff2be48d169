"""Searches of float64 arrays. A block is first judged as a whole, without a branch, in vector registers; only a block
with a hit is walked item by item. NaN is never a hit. Answers are indices, so compiled and plain are the same; products
are taken from the first hop on, in order, without fast-math.
"""

from typing import Any

from tallyio.hot_path.compiled import kernel

Floats = Any
Indices = Any
Word = Any

BLOCK = 64
NONE = -1
MOST_HOPS = 4


@kernel
def _hits(values: Floats, start: Word, stop: Word, floor: Word) -> Word:
    count = 0
    for i in range(start, stop):
        count += values[i] >= floor
    return count


@kernel
def first_at_least(values: Floats, floor: Word) -> Word:
    """The lowest index whose value is ``floor`` or more, or -1."""
    for start in range(0, values.size, BLOCK):
        stop = min(start + BLOCK, values.size)
        if _hits(values, start, stop, floor):
            for i in range(start, stop):
                if values[i] >= floor:
                    return i
    return NONE


@kernel
def all_at_most(values: Floats, ceiling: Word, found: Indices) -> Word:
    """Writes the indices of values at ``ceiling`` or below into ``found``, rising; gives how many there are.

    Those past the length of ``found`` are counted, not written.
    """
    total = 0
    for start in range(0, values.size, BLOCK):
        stop = min(start + BLOCK, values.size)
        count = 0
        for i in range(start, stop):
            count += values[i] <= ceiling
        if count:
            for i in range(start, stop):
                if values[i] <= ceiling:
                    if total < found.size:
                        found[total] = i
                    total += 1
    return total


@kernel
def best(values: Floats) -> Word:
    """The lowest index of the greatest value, or -1 where there is none but NaN."""
    chosen = NONE
    top = 0.0
    for start in range(0, values.size, BLOCK):
        stop = min(start + BLOCK, values.size)
        better = 0
        if chosen == NONE:
            better = 1
        else:
            for i in range(start, stop):
                better += values[i] > top
        if better:
            for i in range(start, stop):
                if values[i] > top or (chosen == NONE and values[i] <= top):
                    chosen, top = i, values[i]
    return chosen


@kernel
def _product(rates: Floats, i: Word) -> Word:
    product = rates[0, i] * rates[1, i]
    for hop in range(2, rates.shape[0]):
        product *= rates[hop, i]
    return product


@kernel
def _product_hits(rates: Floats, start: Word, stop: Word, floor: Word) -> Word:
    count = 0
    if rates.shape[0] == 2:
        for i in range(start, stop):
            count += rates[0, i] * rates[1, i] >= floor
    elif rates.shape[0] == 3:
        for i in range(start, stop):
            count += rates[0, i] * rates[1, i] * rates[2, i] >= floor
    else:
        for i in range(start, stop):
            count += rates[0, i] * rates[1, i] * rates[2, i] * rates[3, i] >= floor
    return count


@kernel
def first_product(rates: Floats, floor: Word) -> Word:
    """The lowest column of ``rates`` (2 to 4 hops, n cycles) whose product is ``floor`` or more, or -1.

    Gives -2 for another number of hops.
    """
    if rates.shape[0] < 2 or rates.shape[0] > MOST_HOPS:
        return NONE - 1
    for start in range(0, rates.shape[1], BLOCK):
        stop = min(start + BLOCK, rates.shape[1])
        if _product_hits(rates, start, stop, floor):
            for i in range(start, stop):
                if _product(rates, i) >= floor:
                    return i
    return NONE


@kernel
def all_products(rates: Floats, floor: Word, found: Indices) -> Word:
    """As ``first_product``, but writes every such column into ``found``, rising; gives how many there are, or -2.

    Those past the length of ``found`` are counted, not written.
    """
    if rates.shape[0] < 2 or rates.shape[0] > MOST_HOPS:
        return NONE - 1
    total = 0
    for start in range(0, rates.shape[1], BLOCK):
        stop = min(start + BLOCK, rates.shape[1])
        if _product_hits(rates, start, stop, floor):
            for i in range(start, stop):
                if _product(rates, i) >= floor:
                    if total < found.size:
                        found[total] = i
                    total += 1
    return total
