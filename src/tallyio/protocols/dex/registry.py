"""Every exchange of one chain: whose events mean what."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from tallyio.core.chain import Log, PendingTransaction
from tallyio.core.errors import ConfigError
from tallyio.core.pools import Pool
from tallyio.core.units import Address
from tallyio.protocols.dex.deployments import Deployment, Router
from tallyio.protocols.dex.intents import SwapIntent
from tallyio.protocols.dex.routers import RouterCalls
from tallyio.protocols.dex.siblings import FAMILIES, family_of


class DexRegistry:
    """Immutable after construction. Raises ``ConfigError`` for a deployment of a family not known here."""

    def __init__(self, deployments: Iterable[Deployment], routers: Iterable[Router] = ()) -> None:
        self.deployments = tuple(deployments)
        self.routers = {router.address: router for router in routers}
        for deployment in self.deployments:
            if deployment.family not in FAMILIES:
                known = ", ".join(sorted(FAMILIES))
                raise ConfigError(f"{deployment.protocol}: expected one of the families {known}, "
                                  f"found {deployment.family}")  # fmt: skip
        self.factories = {deployment.factory: deployment for deployment in self.deployments}
        self.topics: frozenset[str] = frozenset().union(*(FAMILIES[each.family].topics for each in self.deployments))

    @property
    def standing(self) -> list[Pool]:
        """The pools that no factory announces: the deployments that are pools themselves."""
        found = (FAMILIES[each.family].standing(each) for each in self.deployments)
        return [pool for pool in found if pool is not None]

    def discovered(self, log: Log) -> Pool | None:
        """The pool that a factory of ours announces by ``log``.

        Raises ``ChainDataError`` for an announcement of a pool that cannot be: the caller skips and counts it.
        """
        deployment = self.factories.get(log.address)
        return None if deployment is None else FAMILIES[deployment.family].discover(log, deployment)

    def subject(self, log: Log, pools: Mapping[Address, Pool]) -> Pool | None:
        """Which of ``pools`` an event is about; ``None`` where it is none of theirs or means nothing."""
        if not log.topics:
            return None
        pool = pools.get(log.address)
        if pool is None:
            deployment = self.factories.get(log.address)
            key = FAMILIES[deployment.family].key(log) if deployment else None
            pool = pools.get(key) if key else None
        return pool if pool is not None and log.topics[0] in family_of(pool).topics else None

    def concerns_all(self, log: Log) -> bool:
        """Whether it is an event of a contract that holds many pools, after which each must be read anew."""
        deployment = self.factories.get(log.address)
        return (
            deployment is not None and log.topics[:1] != () and log.topics[0] in FAMILIES[deployment.family].everywhere
        )

    def intents(self, transaction: PendingTransaction) -> tuple[SwapIntent, ...]:
        """The swaps that a pending transaction's signed bytes ask for; empty where contract or function are unknown.

        Raises ``ChainDataError`` where a router's function is called with arguments that do not decode.
        """
        return self._calls.read(transaction.raw) if transaction.to in self.routers else ()

    @cached_property
    def _calls(self) -> RouterCalls:
        return RouterCalls(self.routers.values())
