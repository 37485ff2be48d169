"""Swaps on concentrated-liquidity pools (Uniswap v3 whitepaper, section 6.2-6.3, rounding as the pool's contract).

The contract moves the price in steps: to the next initialised tick of the same bitmap word, or to the word's edge
where there is none. Every step rounds for itself, so a walk that skipped the empty edges would differ in the last
units; this one takes each of them.
"""

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import PIPS, UINT256_MAX
from tallyio.reports.exhaustive.ticks import MAX_SQRT, MAX_TICK, MIN_SQRT, MIN_TICK, sqrt_at, tick_at

Q96 = 1 << 96


class Curve(msgspec.Struct, frozen=True):
    """State of one pool. ``words`` maps every bitmap word that was read (0 where empty), ``net`` the liquidity net of
    every initialised tick in them."""

    sqrt_price: int
    tick: int
    liquidity: int
    words: dict[int, int]
    net: dict[int, int]


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


def _amount0(low: int, high: int, liquidity: int, up: bool) -> int:
    """Token 0 between two prices, low < high."""
    scaled = (liquidity << 96) * (high - low)
    return _ceil(_ceil(scaled, high), low) if up else scaled // high // low


def _amount1(low: int, high: int, liquidity: int, up: bool) -> int:
    scaled = liquidity * (high - low)
    return _ceil(scaled, Q96) if up else scaled // Q96


def _price_after_token0(price: int, liquidity: int, amount: int, add: bool) -> int:
    """Price after ``amount`` of token 0 came in or went out; rounded up."""
    scaled = liquidity << 96
    product = amount * price
    if add:
        if product <= UINT256_MAX and scaled + product <= UINT256_MAX:
            return _ceil(scaled * price, scaled + product)
        return _ceil(scaled, scaled // price + amount)
    if product > UINT256_MAX or scaled <= product:
        raise ChainDataError("pool cannot pay this much of token 0")
    return _ceil(scaled * price, scaled - product)


def _price_after_token1(price: int, liquidity: int, amount: int, add: bool) -> int:
    """Price after ``amount`` of token 1 came in or went out; rounded down."""
    if add:
        return price + amount * Q96 // liquidity
    quotient = _ceil(amount * Q96, liquidity)
    if price <= quotient:
        raise ChainDataError("pool cannot pay this much of token 1")
    return price - quotient


def _step(
    price: int, target: int, liquidity: int, remaining: int, exact_out: bool, fee_pips: int, down: bool
) -> tuple[int, int, int, int]:
    """One step towards ``target``: (price after, amount in without fee, amount out, fee)."""
    low, high = (target, price) if down else (price, target)
    amount_in_of = _amount0 if down else _amount1
    amount_out_of = _amount1 if down else _amount0
    if exact_out:
        out = amount_out_of(low, high, liquidity, False)
        if remaining >= out:
            after = target
        else:
            after = (_price_after_token1 if down else _price_after_token0)(price, liquidity, remaining, False)
    else:
        spendable = remaining * (PIPS - fee_pips) // PIPS
        into = amount_in_of(low, high, liquidity, True)
        if spendable >= into:
            after = target
        else:
            after = (_price_after_token0 if down else _price_after_token1)(price, liquidity, spendable, True)
    reached = after == target
    low, high = (after, price) if down else (price, after)
    if not (reached and not exact_out):
        into = amount_in_of(low, high, liquidity, True)
    if not (reached and exact_out):
        out = amount_out_of(low, high, liquidity, False)
    if exact_out:
        out = min(out, remaining)
    if not exact_out and not reached:
        return after, into, out, remaining - into
    return after, into, out, _ceil(into * fee_pips, PIPS - fee_pips)


def _next_tick(words: dict[int, int], tick: int, spacing: int, down: bool) -> tuple[int, bool]:
    """Next initialised tick of the same word, else the word's edge; and whether it is initialised."""
    slot = tick // spacing if down else tick // spacing + 1
    word, bit = slot >> 8, slot & 255
    bits = words.get(word)
    if bits is None:
        raise ChainDataError(f"swap leaves the part of the pool that was read (bitmap word {word})")
    if down:
        masked = bits & ((2 << bit) - 1)
        slot = (word << 8) + masked.bit_length() - 1 if masked else word << 8
    else:
        masked = bits >> bit << bit
        slot = (word << 8) + (masked & -masked).bit_length() - 1 if masked else (word << 8) + 255
    return min(MAX_TICK, max(MIN_TICK, slot * spacing)), masked != 0


def trade(
    curve: Curve, fee_pips: int, spacing: int, down: bool, amount: int, exact_out: bool = False
) -> tuple[int, int, Curve]:
    """Swap ``amount`` (of the input, or of the output when ``exact_out``); ``down`` sells token 0.

    Returns (amount in, amount out, curve after). ``ChainDataError`` when the pool cannot fill all of it.
    """
    if amount <= 0:
        raise ChainDataError(f"swap amount must be above zero, found {amount}")
    limit = MIN_SQRT + 1 if down else MAX_SQRT - 1
    price, tick, liquidity = curve.sqrt_price, curve.tick, curve.liquidity
    if price == 0:
        raise ChainDataError("concentrated-liquidity pool without a price")
    remaining, total_in, total_out = amount, 0, 0
    while remaining:
        if price == limit:
            raise ChainDataError("concentrated-liquidity pool ran out of liquidity")
        start = price
        edge, initialised = _next_tick(curve.words, tick, spacing, down)
        edge_price = sqrt_at(edge)
        target = max(edge_price, limit) if down else min(edge_price, limit)
        if liquidity:
            price, into, out, fee = _step(price, target, liquidity, remaining, exact_out, fee_pips, down)
            total_in += into + fee
            total_out += out
            remaining -= out if exact_out else into + fee
        else:
            price = target
        if price == edge_price:
            if initialised:
                liquidity += -curve.net[edge] if down else curve.net[edge]
            tick = edge - 1 if down else edge
        elif price != start:
            tick = tick_at(price)
    return total_in, total_out, Curve(price, tick, liquidity, curve.words, curve.net)
