"""Pool states read from the pools themselves at one block: two rounds of view calls.

A curve's bitmap is scanned once over its whole range, then re-read every block wherever a word was ever set and
around the price; the whole range again every ``RESCAN`` blocks. A swap that would leave what was read is refused.
"""

from collections.abc import Iterable

from tallyio.core.pools import V2, Pool
from tallyio.core.units import Address
from tallyio.reports.exhaustive.chain_reading import Call, Views, encode, signed, word
from tallyio.reports.exhaustive.concentrated import Curve
from tallyio.reports.exhaustive.ticks import MAX_TICK, MIN_TICK
from tallyio.reports.exhaustive.venues import Reserves, States

AROUND = 8
RESCAN = 64


class PoolReader:
    def __init__(self, views: Views) -> None:
        self._views = views
        self._set_words: dict[Address, set[int]] = {}
        self._scanned_at: dict[Address, int] = {}
        self._tick: dict[Address, int] = {}

    async def states(self, pools: Iterable[Pool], block: int) -> States:
        """State of every pool that has one at ``block``; a pool that does not answer is left out."""
        pools = list(pools)
        pairs = [pool for pool in pools if pool.family == V2]
        curves = [pool for pool in pools if pool.family != V2]
        heads: list[Call] = [(p.address, encode("getReserves()")) for p in pairs]
        heads += [(p.address, encode(name)) for p in curves for name in ("slot0()", "liquidity()")]
        answers = await self._views.many(heads, block)
        found: States = {}
        for pool, answer in zip(pairs, answers, strict=False):
            if answer is not None:
                found[pool.address] = Reserves(word(answer, 0), word(answer, 1))
        rest = answers[len(pairs) :]
        started: list[tuple[Pool, int, int, int]] = []
        for pool, slot0, liquidity in zip(curves, rest[::2], rest[1::2], strict=True):
            if slot0 is not None and liquidity is not None and word(slot0, 0):
                started.append((pool, word(slot0, 0), signed(word(slot0, 1)), word(liquidity, 0)))
        found.update(await self._curves(started, block))
        return found

    async def _curves(self, started: list[tuple[Pool, int, int, int]], block: int) -> States:
        spans = [self._words(pool, tick, block) for pool, _, tick, _ in started]
        calls = [
            (pool.address, encode("tickBitmap(int16)", w))
            for (pool, *_), span in zip(started, spans, strict=True)
            for w in span
        ]
        bitmaps = iter(await self._views.all(calls, block))
        words = [{w: word(next(bitmaps), 0) for w in span} for span in spans]
        ticks = [_ticks_of(found, pool.tick_spacing) for (pool, *_), found in zip(started, words, strict=True)]
        reads = [
            (pool.address, encode("ticks(int24)", t))
            for (pool, *_), found in zip(started, ticks, strict=True)
            for t in found
        ]
        nets = iter(await self._views.all(reads, block))
        states: States = {}
        for (pool, price, tick, liquidity), bits, indices in zip(started, words, ticks, strict=True):
            net = {t: signed(word(next(nets), 1)) for t in indices}
            states[pool.address] = Curve(price, tick, liquidity, bits, net)
            self._set_words.setdefault(pool.address, set()).update(w for w, b in bits.items() if b)
        return states

    def _words(self, pool: Pool, tick: int, block: int) -> list[int]:
        first, last = (MIN_TICK // pool.tick_spacing) >> 8, (MAX_TICK // pool.tick_spacing) >> 8
        scanned = self._scanned_at.get(pool.address)
        if scanned is None or not 0 <= block - scanned < RESCAN:
            self._scanned_at[pool.address] = block
            return list(range(first, last + 1))
        centre = (tick // pool.tick_spacing) >> 8
        near = range(max(first, centre - AROUND), min(last, centre + AROUND) + 1)
        return sorted(self._set_words[pool.address].union(near))


def _ticks_of(words: dict[int, int], spacing: int) -> list[int]:
    return [((w << 8) + bit) * spacing for w, bits in words.items() for bit in range(256) if bits >> bit & 1]
