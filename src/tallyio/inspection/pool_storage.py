"""A Uniswap v3 pool's state from its storage (layout of ``UniswapV3Pool``: slot0, liquidity, ticks, tickBitmap).

Of a block's pre-state only what the block touched is there. Ticks whose liquidity is not there, and words of the
bitmap that are not, are unknown: a walk that needs one is refused.
"""

import msgspec

from tallyio.chains.keccak import keccak256
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3State
from tallyio.hot_path.amm.v3 import Step, Swapped, after, swap
from tallyio.inspection.activity import PoolStorage

SLOT0, LIQUIDITY, TICKS, BITMAP = 0, 4, 5, 6
REACH = 40
"""Words of the bitmap looked for on either side of the price."""


class KnownPool(msgspec.Struct, frozen=True):
    """``state`` with every initialised tick of the known ``words``; those in ``blind`` have an unknown liquidity."""

    state: V3State
    spacing: int
    words: frozenset[int]
    blind: frozenset[int]

    def swapped(self, fee: int, zero_for_one: bool, amount: int, *, exact_in: bool) -> tuple[Swapped, "KnownPool"]:
        """The swap and the pool after it. Raises ``ChainDataError`` where it leaves what is known, or reverts."""
        steps: list[Step] = []
        done = swap(self.state, self.spacing, fee, zero_for_one, amount, exact_in=exact_in, steps=steps)
        crossed = {self.state.tick_index[step.crossed] for step in steps if step.crossed >= 0}
        then = after(self.state, done)
        low, high = sorted((self.state.tick, then.tick))
        ahead = 0 if zero_for_one else self.spacing  # upwards the pool looks from the next tick on
        passed = range(self._word(low + ahead), self._word(high + ahead) + 1)
        if crossed & self.blind or not self.words.issuperset(passed):
            raise ChainDataError("the swap leaves the part of the pool that is known")
        return done, msgspec.structs.replace(self, state=then)

    def _word(self, tick: int) -> int:
        return tick // self.spacing >> 8


def known_pool(storage: PoolStorage, spacing: int) -> KnownPool | None:
    """The pool whose ticks lie ``spacing`` apart; ``None`` where price or liquidity is not in ``storage``."""
    held = storage.words
    if SLOT0 not in held or LIQUIDITY not in held:
        return None
    slot0 = held[SLOT0]
    tick = _signed(slot0 >> 160 & (1 << 24) - 1, 24)
    here = tick // spacing >> 8
    words, ticks, blind = set(), {}, set()
    for word in range(here - REACH, here + REACH + 1):
        bits = held.get(_slot(word, BITMAP))
        if bits is None:
            continue
        words.add(word)
        for bit in range(256):
            if bits >> bit & 1:
                at = (word * 256 + bit) * spacing
                packed = held.get(_slot(at, TICKS))
                ticks[at] = 0 if packed is None else _signed(packed >> 128, 128)
                if packed is None:
                    blind.add(at)
    ordered = sorted(ticks)
    state = V3State(
        sqrt_price_x96=slot0 & (1 << 160) - 1,
        tick=tick,
        liquidity=held[LIQUIDITY] & (1 << 128) - 1,
        tick_index=tuple(ordered),
        liquidity_net=tuple(ticks[at] for at in ordered),
    )
    return KnownPool(state, spacing, frozenset(words), frozenset(blind))


def _slot(key: int, mapping: int) -> int:
    return int.from_bytes(keccak256((key % 2**256).to_bytes(32, "big") + mapping.to_bytes(32, "big")), "big")


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
