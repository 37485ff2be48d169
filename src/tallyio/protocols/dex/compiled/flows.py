"""A pool's state as the row from which the compiled search takes doubles (``hot_path.kernels.flow``)."""

from collections.abc import Sequence
from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState, V2State
from tallyio.core.units import Address
from tallyio.hot_path.curve import Curve, FixedRate, FloatCurve
from tallyio.hot_path.kernels.rows import Row, pair_row, pieces_row
from tallyio.protocols.dex.compiled import rows
from tallyio.protocols.dex.families import stable_legacy_meta, stable_ng_meta
from tallyio.protocols.dex.families.balancer_shares import without
from tallyio.protocols.dex.families.balancer_stable import StablePool as BalancerStable
from tallyio.protocols.dex.families.balancer_v3 import V3Pool
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.families.liquidity_book import FIRST, LiquidityBook
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_legacy_meta import StableMeta
from tallyio.protocols.dex.families.stable_ng import StableNgPool
from tallyio.protocols.dex.families.stable_ng_meta import StableNgMeta
from tallyio.protocols.dex.liquidity_book_curve import BookCurve
from tallyio.protocols.dex.model import curve

MOST_PIECES = 256
"""In one direction: a trade through more of them is not looked for."""
HALVINGS = 30
FINE, COARSER, LOWEST = 1e-4, 0.2, 0.8
"""Of the first rate of a curve that no row describes: how far it may fall in a piece at first, and more by this share
of what it has fallen before; where it is too low to matter."""
_STRAIGHT = 2.0**40
"""A straight piece is one of constant product whose reserves are so many times what it takes."""


class Flow(NamedTuple):
    """One direction of a pool: token ``i`` of ``row`` is sold for ``j``. ``exact`` is the row from which exact kernels
    quote, where there is one. ``sampled`` rows go through points of the pool's curve and are not the curve itself."""

    row: Row
    i: int
    j: int
    exact: Row | None
    sampled: bool = False


class _Whole(NamedTuple):
    """A row of a pool, in which ``tokens`` are numbered in this order."""

    row: Row
    tokens: tuple[Address, ...]
    exact: Row | None


class _Known(NamedTuple):
    """What was made of a state: the row of all its tokens or of most, and those of two that it leaves out."""

    state: PoolState
    timestamp: int
    whole: _Whole | None
    pairs: dict[tuple[Address, Address], Row | None]


_LAST: dict[Address, _Known] = {}
"""By pool, for the state and time that were asked about last: many ask one after the other."""


def flow_of(pool: Pool, state: PoolState, timestamp: int, sold: Address, bought: Address) -> Flow | None:
    """``None`` for a direction that has no curve, or whose numbers fit no row."""
    known = _LAST.get(pool.address)
    if known is None or known.state is not state or known.timestamp != timestamp:
        known = _LAST[pool.address] = _Known(state, timestamp, _made(pool, state, timestamp), {})
    whole = known.whole
    if whole is not None and sold in whole.tokens and bought in whole.tokens:
        return Flow(whole.row, whole.tokens.index(sold), whole.tokens.index(bought), whole.exact)
    forth = (sold, bought) if pool.tokens.index(sold) < pool.tokens.index(bought) else (bought, sold)
    if forth not in known.pairs:
        known.pairs[forth] = _sampled(pool, state, timestamp, forth)
    row = known.pairs[forth]
    return None if row is None else Flow(row, forth.index(sold), forth.index(bought), None, sampled=True)


def _made(pool: Pool, state: PoolState, timestamp: int) -> _Whole | None:
    try:
        return _exact(pool, state, timestamp) or _in_pieces(pool, state, timestamp)
    except ChainDataError:
        return None


def _exact(pool: Pool, state: PoolState, timestamp: int) -> _Whole | None:
    """The rows of smooth curves, from most of which exact kernels quote."""
    tokens: Sequence[Address] = pool.tokens
    match state:
        case V2State():
            row = pair_row((state.reserve0, state.reserve1), pool.fee_pips)
        case CryptoPool():
            row = rows.crypto_row(state, timestamp)
        case StablePool():
            row = rows.stable_row(state, timestamp)
        case StableNgPool():
            row = rows.stable_ng_row(state, timestamp)
        case SolidlyPool():
            row = rows.solidly_row(state)
        case WeightedPool():
            row = rows.weighted_row(state)
        case BalancerStable():
            row, tokens = rows.balancer_stable_row(state, timestamp), without(pool.tokens, state.share_index)
        case StableNgMeta():
            row, tokens = rows.stable_ng_row(stable_ng_meta.current(state, timestamp).meta, timestamp), pool.tokens[:2]
        case StableMeta():
            row, tokens = rows.stable_row(stable_legacy_meta.current(state, timestamp).meta, timestamp), pool.tokens[:2]
        case V3Pool():
            return _Whole(rows.balancer_v3_row(state, timestamp), pool.tokens, None)
        case _:
            return None
    return _Whole(row, tuple(tokens), row)


def _in_pieces(pool: Pool, state: PoolState, timestamp: int) -> _Whole | None:
    if len(pool.tokens) != 2:
        return None
    a, b = pool.tokens
    forth, back = _pieces(curve(pool, state, a, b, timestamp)), _pieces(curve(pool, state, b, a, timestamp))
    if forth is None or back is None:
        return None
    wide = isinstance(state, LiquidityBook) and state.version != FIRST  # whose bins are not the kernel's
    exact = rows.liquidity_book_row(state, timestamp) if isinstance(state, LiquidityBook) and wide else None
    return _Whole(pieces_row(forth, back), pool.tokens, exact)


def _sampled(pool: Pool, state: PoolState, timestamp: int, ends: tuple[Address, Address]) -> Row | None:
    a, b = ends
    try:
        ways = curve(pool, state, a, b, timestamp), curve(pool, state, b, a, timestamp)
        return pieces_row(*map(_through_points, ways))
    except (ChainDataError, ZeroDivisionError, OverflowError):
        return None


def _through_points(way: FloatCurve) -> list[tuple[float, float, float]]:
    """Pieces that begin and end at the curve's own rates: so their rates fall from piece to piece as it does."""
    found, start, first = list[tuple[float, float, float]](), 0.0, way.rate(0.0)
    before, ends = first, [way.depth / 2.0**k for k in range(HALVINGS)]
    while ends and len(found) < MOST_PIECES:
        end = ends[-1]
        rate, room = min(way.rate(end), before), end - start
        most = FINE * first + COARSER * (first - before)
        if before - rate > most and room > way.depth / 2.0**HALVINGS:
            ends.append(start + room / 2)
            continue
        ends.pop()
        if rate <= LOWEST * first:
            break
        bent = (before / rate) ** 0.5 - 1.0
        found.append((room / bent, room / bent * before, room) if bent > 1.0 / _STRAIGHT else _straight(before, room))
        start, before = end, rate
    return found


def _pieces(way: FloatCurve) -> Sequence[tuple[float, float, float]] | None:
    """Reserves in and out and room, fee included."""
    if isinstance(way, Curve):
        found = list[tuple[float, float, float]]()
        while way.keep and len(found) < MOST_PIECES and (piece := way.piece(len(found))):
            found.append((piece.reserve_in / way.keep, piece.reserve_out, piece.capacity / way.keep))
        return found
    if isinstance(way, BookCurve):
        return [_straight(rate, room) for rate, room in way.pieces[:MOST_PIECES]]
    if isinstance(way, FixedRate):
        return [_straight(way.price, way.depth)]
    return None


def _straight(rate: float, room: float) -> tuple[float, float, float]:
    return room * _STRAIGHT, room * _STRAIGHT * rate, room
