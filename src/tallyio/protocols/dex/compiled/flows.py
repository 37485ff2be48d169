"""A pool's state as the row from which the compiled search takes doubles (``hot_path.kernels.flow``)."""

from collections.abc import Sequence
from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState, V2State
from tallyio.core.units import Address
from tallyio.hot_path.curve import Curve, FixedRate, FloatCurve
from tallyio.hot_path.kernels.rows import Row, pair_row, pieces_row
from tallyio.protocols.dex.compiled import rows
from tallyio.protocols.dex.families.balancer_shares import without
from tallyio.protocols.dex.families.balancer_stable import StablePool as BalancerStable
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.families.liquidity_book import LiquidityBook
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_ng import StableNgPool
from tallyio.protocols.dex.liquidity_book_curve import BookCurve
from tallyio.protocols.dex.model import curve

MOST_PIECES = 256
"""In one direction: a trade through more of them is not looked for."""
_STRAIGHT = 2.0**40
"""A straight piece is one of constant product whose reserves are so many times what it takes."""


class Flow(NamedTuple):
    """``row``, in which the pool's ``tokens`` are numbered in this order. ``exact`` is that from which exact kernels
    quote, where there is one."""

    row: Row
    tokens: tuple[Address, ...]
    exact: Row | None


_LAST: dict[Address, tuple[PoolState, int, Flow | None]] = {}
"""By pool, for the state and time that were asked about last: many ask one after the other."""


def flow_of(pool: Pool, state: PoolState, timestamp: int) -> Flow | None:
    """``None`` for a pool that only its Python curve describes, or whose numbers fit no row."""
    known = _LAST.get(pool.address)
    if known is None or known[0] is not state or known[1] != timestamp:
        known = _LAST[pool.address] = state, timestamp, _made(pool, state, timestamp)
    return known[2]


def _made(pool: Pool, state: PoolState, timestamp: int) -> Flow | None:
    try:
        return _exact(pool, state, timestamp) or _in_pieces(pool, state, timestamp)
    except ChainDataError:
        return None


def _exact(pool: Pool, state: PoolState, timestamp: int) -> Flow | None:
    """The rows that exact kernels quote from."""
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
        case _:
            return None
    return Flow(row, tuple(tokens), row)


def _in_pieces(pool: Pool, state: PoolState, timestamp: int) -> Flow | None:
    if len(pool.tokens) != 2:
        return None
    a, b = pool.tokens
    forth, back = _pieces(curve(pool, state, a, b, timestamp)), _pieces(curve(pool, state, b, a, timestamp))
    if forth is None or back is None:
        return None
    exact = rows.liquidity_book_row(state, timestamp) if isinstance(state, LiquidityBook) else None
    return Flow(pieces_row(forth, back), pool.tokens, exact)


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
