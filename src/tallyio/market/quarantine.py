"""What no route may touch: tokens that are bad for good, and tokens and pools set aside as their trades failed."""

from collections.abc import Iterable, Mapping

import structlog

from tallyio.core.pools import Pool
from tallyio.core.units import Address
from tallyio.market.suspicion import Aside, Suspicion

log = structlog.get_logger()


class Quarantine:
    """``tokens`` and ``pools`` that are out now, with the reason. Numbers are blocks'."""

    def __init__(self, weth: Address, tokens: Mapping[Address, str]) -> None:
        self.tokens = dict(tokens)
        self.pools: dict[Address, str] = {}
        self._weth = weth
        self._aside: set[Address] = set()
        self._of_tokens, self._of_pools = Suspicion(), Suspicion()

    def condemn(self, token: Address, reason: str) -> bool:
        """For good; whether that is new."""
        if token in self.tokens and token not in self._aside:
            return False
        self._aside.discard(token)
        self.tokens[token] = reason
        log.warning("token is not traded any more", token=token, reason=reason)
        return True

    def worked(self, tokens: Iterable[Address], pools: Iterable[Address], number: int) -> None:
        self._of_tokens.worked(tokens, number)
        self._of_pools.worked(pools, number)

    def failed(
        self, tokens: Iterable[Address], pools: Iterable[Address], number: int, why: str
    ) -> tuple[list[Address], list[Address]]:
        """The tokens and the pools that are set aside for it.

        A token that is out already was the cause; where every token worked in this block it is a pool.
        """
        involved = set(tokens) - {self._weth}
        if not self.tokens.keys().isdisjoint(involved) or not self.pools.keys().isdisjoint(pools):
            return [], []
        if all(self._of_tokens.good(token) == number for token in involved):
            out = self._of_pools.failed(sorted(pools), number, why)
            for pool, until in out.items():
                self.pools[pool] = f"set aside until block {until}: {why}"
                log.warning("pool is set aside", pool=pool, until=until, reason=why)
            return [], list(out)
        out = self._of_tokens.failed(sorted(involved), number, why)
        for token, until in out.items():
            self._aside.add(token)
            self.tokens[token] = f"set aside until block {until}: {why}"
            log.warning("token is set aside", token=token, until=until, reason=why)
        return list(out), []

    def freed(self, number: int) -> tuple[list[Address], list[Address]]:
        """The tokens and the pools that are tried again from this block on."""
        tokens = [token for token in self._of_tokens.due(number) if token in self._aside]
        for token in tokens:
            self._aside.remove(token)
            del self.tokens[token]
        pools = list(self._of_pools.due(number))
        for pool in pools:
            del self.pools[pool]
        return tokens, pools

    def asides(self, pools: Mapping[Address, Pool]) -> list[Aside]:
        """When which of ``pools`` were set aside, they or one of their tokens."""
        found = list(self._of_pools.asides)
        for each in self._of_tokens.asides:
            reason = f"token {each.what}: {each.reason}"
            found += [Aside(a, each.first, each.last, reason) for a, p in pools.items() if each.what in p.tokens]
        return found
