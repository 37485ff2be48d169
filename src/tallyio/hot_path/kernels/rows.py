"""Rows of pools for ``dispatch.quote``, made of plain integers, and quotes over one row from Python.

A number that does not fit its place raises ``ChainDataError``: such a pool is quoted by its Python model alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT128_MAX
from tallyio.hot_path.kernels import (
    balancer_stable,
    codes,
    crypto,
    liquidity_book,
    pair,
    solidly,
    stable,
    weighted,
)

Row = NDArray[np.uint64]
_LIMB = 64
_LIMB_MAX = (1 << _LIMB) - 1


def pair_row(reserves: Sequence[int], fee_pips: int) -> Row:
    """A pair of constant product as Uniswap v2's."""
    row = np.zeros(pair.WORDS, np.uint64)
    row[0], row[pair.FEE] = codes.V2, fee_pips
    for side in range(2):
        _put(row, pair.RESERVES + 2 * side, reserves[side])
    return row


def stable_row(
    balances: Sequence[int],
    rates: Sequence[int],
    amplification: int,
    unit: int,
    fee: int,
    multiplier: int = 0,
    *,
    divide_each: bool = False,
    view: bool = False,
) -> Row:
    """A StableSwap pool of 2 to 5 coins. ``amplification`` is A times ``unit`` at the moment of the quote, ``rates``
    1e18 times ``10**(18 - decimals)``, fees of ``10**10``; ``divide_each`` for the pools before NG, ``view`` for the
    quote that 3pool answers, which its swap rounds otherwise.
    """
    row = stable_words(codes.STABLE, balances, rates, amplification, unit, fee)
    row[stable.MULTIPLIER] = _limb(multiplier)
    row[0] |= np.uint64(((stable.EACH if divide_each else 0) | (stable.VIEW if view else 0)) << 16)
    return refreshed(row)


def stable_words(
    family: int, balances: Sequence[int], rates: Sequence[int], amplification: int, unit: int, fee: int
) -> Row:
    """What all StableSwap rows have in common, without what quotes take from the state alone."""
    n = len(balances)
    if not 2 <= n <= stable.MOST_COINS or amplification < unit:
        raise ChainDataError(f"a stable pool of {n} coins, A {amplification}: expected 2 to 5 coins, A from 1")
    row = np.zeros(stable.WORDS, np.uint64)
    row[0], row[stable.FEE], row[stable.UNIT] = family | n << 8, _limb(fee), unit
    row[stable.ANN] = _limb(amplification * n * n) and amplification * n
    for k in range(n):
        _put(row, stable.COINS + k * stable.COIN + stable.RATE, rates[k])
        _put(row, stable.COINS + k * stable.COIN + stable.BALANCE, balances[k])
    return row


def balancer_stable_row(
    totals: Sequence[int],
    cash: Sequence[int],
    factors: Sequence[int],
    amplification: int,
    fee: int,
    *,
    rounded_up: bool = False,
    paused: bool = False,
) -> Row:
    """A Balancer v2 stable pool of 2 to 5 tokens, its own shares left out: ``amplification`` A times 1000, ``factors``
    the rates (1e18) times ``10**(18 - decimals)``, ``fee`` 1e18; ``rounded_up`` for the first pools' D."""
    row = stable_words(codes.BALANCER_STABLE, totals, factors, amplification, 1000, fee)
    flags = stable.EACH | (balancer_stable.ROUNDED_UP if rounded_up else 0) | (balancer_stable.PAUSED if paused else 0)
    row[0] |= np.uint64(flags << 16)
    for k, amount in enumerate(cash):
        _put(row, stable.COINS + k * stable.COIN + stable.CASH, amount)
    return refreshed(row)


def weighted_row(
    totals: Sequence[int],
    cash: Sequence[int],
    scales: Sequence[int],
    weights: Sequence[int],
    fee: int,
    *,
    fast: bool = True,
    paused: bool = False,
) -> Row:
    """A Balancer weighted pool of 2 to 8 tokens: scales ``10**(18 - decimals)``, weights and ``fee`` 1e18; ``fast``
    pools take exponents of one, two and four by squares."""
    n = len(totals)
    if not 2 <= n <= weighted.MOST_TOKENS:
        raise ChainDataError(f"a weighted pool of {n} tokens, expected 2 to 8")
    row = np.zeros(weighted.WORDS, np.uint64)
    flags = (weighted.FAST if fast else 0) | (weighted.PAUSED if paused else 0)
    row[0], row[weighted.FEE] = codes.WEIGHTED | n << 8 | flags << 16, _limb(fee)
    for k in range(n):
        at = weighted.TOKENS + k * weighted.TOKEN
        _put(row, at + weighted.TOTAL, totals[k])
        _put(row, at + weighted.CASH, cash[k])
        _put(row, at + weighted.SCALE, scales[k])
        row[at + weighted.WEIGHT] = _limb(weights[k])
    return refreshed(row)


def crypto_row(
    balances: Sequence[int],
    factors: Sequence[int],
    ann: int,
    gamma: int,
    d: int,
    middle_fee: int,
    outer_fee: int,
    fee_gamma: int,
) -> Row:
    """A CryptoSwap pool of 2 or 3 coins; ``factors`` are ``10**(18 - decimals)`` times the price scale (1e18), for coin
    0 times 1e18. A, gamma and ``d`` are those of the moment of the quote.
    """
    n = len(balances)
    if n not in (2, 3):
        raise ChainDataError(f"a crypto pool of {n} coins, expected 2 or 3")
    row = np.zeros(crypto.WORDS, np.uint64)
    row[0] = (codes.TWOCRYPTO if n == 2 else codes.TRICRYPTO) | n << 8
    places = (crypto.MIDDLE_FEE, crypto.OUTER_FEE, crypto.FEE_GAMMA, crypto.ANN, crypto.GAMMA)
    for place, value in zip(places, (middle_fee, outer_fee, fee_gamma, ann, gamma), strict=True):
        row[place] = _limb(value)
    _put(row, crypto.D, d)
    for k in range(n):
        _put(row, crypto.COINS + k * crypto.COIN + crypto.FACTOR, factors[k])
        _put(row, crypto.COINS + k * crypto.COIN + crypto.BALANCE, balances[k])
    return refreshed(row)


def solidly_row(
    variant: int, stable_curve: bool, reserves: Sequence[int], scales: Sequence[int], fees: Sequence[int], unit: int
) -> Row:
    """A Solidly pool: ``variant`` of ``kernels.solidly``, scales ``10**decimals``, fees by token in, parts of
    ``unit``."""
    row = np.zeros(solidly.WORDS, np.uint64)
    row[0] = codes.SOLIDLY | variant << 8 | int(stable_curve) << 16
    row[solidly.FEE_UNIT] = _limb(unit)
    for side in range(2):
        row[solidly.FEES + side] = _limb(fees[side])
        _put(row, solidly.SCALES + 2 * side, scales[side])
        _put(row, solidly.RESERVES + 2 * side, reserves[side])
    return refreshed(row)


def liquidity_book_row(
    bin_step: int,
    base_factor: int,
    control: int,
    most_volatility: int,
    reference: int,
    id_reference: int,
    active: int,
    bins: Sequence[tuple[int, int, int, int]],
    *,
    limited: bool,
) -> Row:
    """A Liquidity Book pair: the references as a trade at that moment finds them, ``bins`` sorted as (id, X, Y, price
    Q128.128); ``limited`` from version 2.2 on."""
    row = np.zeros(liquidity_book.BINS + len(bins) * liquidity_book.BIN, np.uint64)
    row[0] = codes.LIQUIDITY_BOOK | (liquidity_book.LIMITED if limited else 0) << 16
    place = sum(each[0] < active for each in bins)
    values = bin_step, base_factor, control, most_volatility, reference, id_reference, active, len(bins), place
    row[liquidity_book.BIN_STEP : liquidity_book.BINS] = [_limb(value) for value in values]
    for k, (number, x, y, price) in enumerate(bins):
        at = liquidity_book.BINS + k * liquidity_book.BIN
        row[at] = number
        _put(row, at + liquidity_book.AMOUNTS, x)
        _put(row, at + liquidity_book.AMOUNTS + 2, y)
        _put(row, at + liquidity_book.PRICE, price & UINT128_MAX)
        _put(row, at + liquidity_book.PRICE + 2, price >> 128)
    return row


def pieces_row(forth: Sequence[tuple[float, float, float]], back: Sequence[tuple[float, float, float]]) -> Row:
    """A pool of two tokens in doubles: for sales of the first and of the second token, pieces of constant product as
    (reserve in, reserve out, room), the fee in them. No quote of it is exact."""
    head = np.array([codes.PIECES, len(forth), len(back)], np.uint64)
    bits = np.array([*forth, *back], np.float64).reshape(-1).view(np.uint64)
    return np.concatenate([head, bits])


def refreshed(row: Row) -> Row:
    """The row with what its quotes take from the state alone."""
    from tallyio.hot_path.kernels.dispatch import refresh_rows

    refresh_rows(row, len(row))
    return row


def quote(row: Row, i: int, j: int, amount: int) -> int | None:
    """What ``amount`` of token ``i`` gets of token ``j``; ``None`` where the contract reverts.

    Raises ``ChainDataError`` where the numbers leave what the kernel computes with.
    """
    paid, code = quote_many([row], [(i, j, amount)])
    return _told(paid[0], code[0])


def quote_many(rows: Sequence[Row], asked: Sequence[tuple[int, int, int]]) -> tuple[list[int], list[int]]:
    """One quote ``(i, j, amount)`` from each of ``rows``, all of one width: the amounts and their codes."""
    from tallyio.hot_path.kernels.dispatch import quotes

    arrays = questions(rows, asked)
    quotes(*arrays)
    return _answers(*arrays[-2:])


def input_for(doubles: Row, row: Row, i: int, j: int, wanted: int) -> int | None:
    """The least of token ``i`` that gets ``wanted`` of token ``j`` from ``row``, looked for where the row that doubles
    are taken from says; ``None`` where no input does. Raises as ``quote`` does."""
    from tallyio.hot_path.kernels.inverse import inputs

    _, _, asked, out, code = questions([row], [(i, j, wanted)])
    inputs(doubles, row, asked, out, code)
    amounts, told = _answers(out, code)
    return _told(amounts[0], told[0])


def _answers(amounts: NDArray[np.uint64], told: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    raw = amounts.tobytes()
    return [int.from_bytes(raw[at : at + 32], "little") for at in range(0, len(raw), 32)], told.tolist()


def _told(amount: int, code: int) -> int | None:
    if code == codes.BEYOND:
        raise ChainDataError("a quote is beyond the compiled models' words", todo="Ask the exact model")
    return amount if code == codes.PAID else None


def questions(rows: Sequence[Row], asked: Sequence[tuple[int, int, int]]) -> tuple[Any, ...]:
    """What ``dispatch.quotes`` takes."""
    words = np.zeros(6 * len(rows), np.uint64)
    for k, (i, j, amount) in enumerate(asked):
        words[6 * k : 6 * k + 2] = i, j
        words[6 * k + 2 : 6 * k + 6] = [amount >> (_LIMB * part) & _LIMB_MAX for part in range(4)]
    together = rows[0] if len(rows) == 1 else np.concatenate(rows)
    return together, len(rows[0]), words, np.zeros(4 * len(rows), np.uint64), np.zeros(len(rows), np.int64)


def best_input(cycle: Sequence[tuple[Row, int, int]]) -> tuple[int, int]:
    """The input of most profit and that profit, exact, of a cycle over rows: each hop's row, token in and token out.

    0 and 0 where none is found. The amount is that of doubles and its nearest neighbours on exact quotes.
    """
    from tallyio.hot_path.kernels.best import best_inputs

    answers = np.zeros(8, np.uint64)
    best_inputs(*chained([cycle]), answers)
    raw = answers.tobytes()
    return int.from_bytes(raw[:32], "little"), int.from_bytes(raw[32:], "little")


def peaks(rows: Sequence[Row], cycles: Sequence[Sequence[tuple[int, int, int]]]) -> list[tuple[float, float]]:
    """By cycle the input that the doubles like best, and its profit; zeros where none pays. A hop is the number of its
    row among ``rows``, token in and token out."""
    from tallyio.hot_path.kernels.best import peaks_of

    starts = np.cumsum([0, *(len(row) for row in rows)])
    hops = np.array([(starts[number], i, j) for cycle in cycles for number, i, j in cycle], np.uint64).reshape(-1)
    counts = np.array([len(cycle) for cycle in cycles], np.int64)
    found = np.zeros(2 * len(cycles))
    if len(cycles):
        peaks_of(np.concatenate(rows), hops, counts, found)
    return [(found[k], found[k + 1]) for k in range(0, len(found), 2)]


def slope(row: Row, i: int, j: int, amount: float) -> tuple[float, float]:
    """In doubles what ``amount`` of token ``i`` gets of token ``j``, and the slope there."""
    from tallyio.hot_path.kernels.flow import slopes

    found = np.zeros(2)
    slopes(row, i, j, amount, found)
    paid, at = found.tolist()
    return paid, at


def chained(cycles: Sequence[Sequence[tuple[Row, int, int]]]) -> tuple[Any, Any, int]:
    """The rows of cycles of one length in one array, their hops, and how many a cycle has."""
    hops, at = [], 0
    for cycle in cycles:
        for row, i, j in cycle:
            hops += [at, i, j]
            at += len(row)
    return np.concatenate([row for cycle in cycles for row, _, _ in cycle]), np.array(hops, np.uint64), len(cycles[0])


def _limb(value: int) -> Any:
    if 0 <= value <= _LIMB_MAX:
        return value
    raise ChainDataError(f"{value} does not fit 64 bits of a pool's row", todo="Ask the exact model")


def _put(row: Row, place: int, value: int) -> None:
    if not 0 <= value <= UINT128_MAX:
        raise ChainDataError(f"{value} does not fit 128 bits of a pool's row", todo="Ask the exact model")
    row[place], row[place + 1] = value & _LIMB_MAX, value >> _LIMB
