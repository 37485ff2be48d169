"""All initialised ticks of a pool: by the lens in one call, or word by word where the node has no state overrides.

Every word of the bitmap is looked at, so no tick can be missing.
"""

from collections.abc import Generator

from tallyio.chains import tick_lens
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, V3State
from tallyio.hot_path.amm.tick_math import MAX_TICK, MIN_TICK
from tallyio.protocols.dex.answers import answered, calldata, signed_word
from tallyio.protocols.dex.family import Call

Found = list[tuple[int, int, int]]
"""(tick, gross, net), ascending."""
_AT_ONCE = 8_000
"""Words in one call of the lens."""


def read_ticks(pool: Pool, bitmap: bytes, ticks: bytes, unit: int) -> Generator[list[Call], list[bytes | None], Found]:
    """``bitmap`` and ``ticks`` are the pool's selectors; a bit of the bitmap stands for a tick times ``unit``.

    Raises ``ChainDataError`` where the pool answers otherwise than such a pool does.
    """
    first, last = (MIN_TICK // unit) >> 8, (MAX_TICK // unit) >> 8
    ends = [(begin, min(begin + _AT_ONCE - 1, last)) for begin in range(first, last + 1, _AT_ONCE)]
    told = yield [(tick_lens.LENS, tick_lens.question(pool.contract, bitmap, ticks, unit, *each)) for each in ends]
    if all(told):
        return [each for answer in told for each in _listed(pool, answer or b"")]
    return (yield from _word_by_word(pool, bitmap, ticks, unit, range(first, last + 1)))


def ticked(price: int, tick: int, liquidity: int, found: Found) -> V3State:
    """``tick`` is the word that the pool answers."""
    places, gross, net = (tuple(column) for column in zip(*found, strict=True)) if found else ((), (), ())
    return V3State(price, signed_word(tick), liquidity, places, net, gross)


def _listed(pool: Pool, answer: bytes) -> Found:
    words = answered(answer, len(answer) // 32, tick_lens.LENS)
    if len(words) != 1 + 3 * words[0]:
        raise ChainDataError(f"pool {pool.address}: {words[0]} ticks are said to be in {len(words)} words")
    return [(signed_word(words[i]), words[i + 1], signed_word(words[i + 2])) for i in range(1, len(words), 3)]


def _word_by_word(
    pool: Pool, bitmap: bytes, ticks: bytes, unit: int, places: range
) -> Generator[list[Call], list[bytes | None], Found]:
    bitmaps = yield [(pool.contract, calldata(bitmap, place)) for place in places]
    found = [
        ((place << 8) + bit) * unit
        for place, answer in zip(places, bitmaps, strict=True)
        for bits in answered(answer, 1, pool.contract)
        for bit in range(bits.bit_length())
        if bits >> bit & 1
    ]
    told = yield [(pool.contract, calldata(ticks, tick)) for tick in found]
    pairs = [answered(answer, 2, pool.contract) for answer in told]
    return [(tick, gross, signed_word(net)) for tick, (gross, net) in zip(found, pairs, strict=True)]
