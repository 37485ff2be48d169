"""A v3 pool within the ticks that the state holds. At either end of them its liquidity is said to be nothing, so that
no amount beyond them can be priced.
"""

from typing import Final

from tallyio.backtest.questions import ask, signed
from tallyio.core.pools import Pool, V3State
from tallyio.simulation.block_execution import BlockExecution

_SLOT0: Final = bytes.fromhex("3850c7bd")
_LIQUIDITY: Final = bytes.fromhex("1a686502")
_TICK_BITMAP: Final = bytes.fromhex("5339c296")
_TICKS: Final = bytes.fromhex("f30dba93")
_WORD = 256
_MAX_TICK = 887_272


def known_state(execution: BlockExecution, pool: Pool) -> V3State | None:
    """The pool's state, exact between its first and its last tick; None where the state lacks price or liquidity, or
    knows no way to move the price."""
    slot0, within = ask(execution, pool.address, _SLOT0), ask(execution, pool.address, _LIQUIDITY)
    if not slot0 or not slot0[0] or not within:
        return None
    tick, liquidity = signed(slot0[1]), within[0]
    # Where nothing is known one way, the liquidity is the same until the first tick that could be initialised.
    ups, top = _walk(execution, pool, tick, 1)
    downs, bottom = _walk(execution, pool, tick, -1)
    if top is None and bottom is None:
        return None
    place = tick // pool.tick_spacing
    top = (place + 1) * pool.tick_spacing if top is None else top
    bottom = place * pool.tick_spacing if bottom is None else bottom
    at_top = liquidity + sum(net for _, net, _ in ups)
    at_bottom = liquidity - sum(net for _, net, _ in downs)
    if at_top < 0 or at_bottom < 0 or bottom >= top:
        return None
    ends = ((bottom, at_bottom, at_bottom), (top, -at_top, at_top))
    ticks = sorted((*downs, *ups, *(end for end in ends if end[2])))
    index, net, gross = zip(*ticks, strict=True) if ticks else ((), (), ())
    return V3State(slot0[0], tick, liquidity, index, net, gross)


Ticks = list[tuple[int, int, int]]
"""Tick, net and gross liquidity."""


def _walk(execution: BlockExecution, pool: Pool, tick: int, way: int) -> tuple[Ticks, int | None]:
    """The initialised ticks from ``tick`` on, upwards (1) or downwards (-1), and the tick at which knowledge ends; None
    where nothing is known that way."""
    start = tick // pool.tick_spacing + (way > 0)
    word, found = start >> 8, Ticks()
    end: int | None = None
    while (bitmap := ask(execution, pool.address, _TICK_BITMAP + word.to_bytes(32, signed=True))) is not None:
        places = range(_WORD) if way > 0 else range(_WORD - 1, -1, -1)
        for bit in places:
            place = (word << 8) + bit
            if (place - start) * way < 0 or not bitmap[0] >> bit & 1:
                continue
            at = place * pool.tick_spacing
            held = ask(execution, pool.address, _TICKS + at.to_bytes(32, signed=True))
            if held is None:
                return found, at
            found.append((at, signed(held[1]), held[0]))
        end = ((word << 8) + (_WORD - 1 if way > 0 else 0)) * pool.tick_spacing
        word += way
    if end is None:
        return found, None
    last = _MAX_TICK // pool.tick_spacing * pool.tick_spacing
    end = max(-last, min(end, last))
    if found and found[-1][0] == end:
        found.pop()
    return found, end
