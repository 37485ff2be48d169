"""The fair price of every token, block by block: a random walk that returns home, with an occasional crash."""

import math
from collections.abc import Mapping
from random import Random

import msgspec

from tallyio.core.clock import seeded
from tallyio.devnet.world import Token

RETURN_HOME = 0.004
"""Share of the distance to the first price that is closed each block."""
RECOVERY = 0.03
"""Share of a crash that is recovered each block."""
CRASH_EVERY = 32
"""One crash in each stretch of so many blocks."""
_ETHER_SHARE = 0.6


class Motion(msgspec.Struct, frozen=True):
    """``volatility`` is the standard deviation of the logarithm of the price per block."""

    volatility: float
    follows: str = ""


_MOTIONS = {
    "WETH": Motion(0.0022),
    "WBTC": Motion(0.0016, "market"),
    "LINK": Motion(0.0028, "market"),
    "STETH": Motion(0.0004, "WETH"),
    "FEE": Motion(0.0025),
    "USDC": Motion(0.00004),
    "USDT": Motion(0.00008),
    "DAI": Motion(0.00006),
    "VAST": Motion(0.0001),
    "FRAX": Motion(0.0001),
    "SDAI": Motion(0.0, "DAI"),
}
_CRASHING = ("WETH", "WETH", "WETH", "WBTC", "WBTC", "LINK", "STETH")


class PriceWalk:
    """Prices by step (blocks since the world's last). The same seed gives the same walk."""

    def __init__(self, seed: int, tokens: Mapping[str, Token]) -> None:
        self._seed = seed
        self._first = {symbol: token.price_e8 for symbol, token in tokens.items()}
        self._walks = [dict.fromkeys(tokens, 0.0)]
        self._crashes = [dict.fromkeys(tokens, 0.0)]

    def prices_e8(self, step: int) -> dict[str, int]:
        """US dollars with 8 decimals per whole token."""
        while len(self._walks) <= step:
            self._advance(len(self._walks))
        walk, crash = self._walks[max(step, 0)], self._crashes[max(step, 0)]
        return {
            symbol: max(1, round(first * math.exp(self._log(symbol, walk) + self._log(symbol, crash))))
            for symbol, first in self._first.items()
        }

    def crash_at(self, step: int) -> tuple[str, float] | None:
        """The token that crashes in a step and the share of its price that it loses."""
        random = seeded(self._seed, f"crash/{step // CRASH_EVERY}")
        at, symbol = random.randrange(4, CRASH_EVERY), random.choice(_CRASHING)
        worst = 0.1 if symbol == "STETH" else 0.25
        return (symbol, 0.05 * (worst / 0.05) ** random.random()) if step % CRASH_EVERY == at else None

    def _log(self, symbol: str, logs: Mapping[str, float]) -> float:
        leader = _MOTIONS[symbol].follows
        return logs[symbol] + (logs[leader] if leader in self._first else 0.0)

    def _advance(self, step: int) -> None:
        random = seeded(self._seed, f"walk/{step}")
        market = random.gauss(0.0, 1.0)
        walk = {s: self._move(random, s, x, market) for s, x in self._walks[-1].items()}
        crash = {s: x * (1 - RECOVERY) for s, x in self._crashes[-1].items()}
        struck = self.crash_at(step)
        if struck:
            crash[struck[0]] += math.log(1 - struck[1])
        self._walks.append(walk)
        self._crashes.append(crash)

    def _move(self, random: Random, symbol: str, x: float, market: float) -> float:
        motion = _MOTIONS[symbol]
        own = random.gauss(0.0, 1.0)
        if symbol == "WETH" or motion.follows == "market":
            own = _ETHER_SHARE * market + math.sqrt(1 - _ETHER_SHARE**2) * own
        return x * (1 - RETURN_HOME) + motion.volatility * own
