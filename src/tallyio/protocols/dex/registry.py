"""Every exchange of one chain, behind one decoder."""

from collections.abc import Iterable
from functools import cached_property

from tallyio.core.chain import Log, PendingTransaction
from tallyio.core.deltas import StateDelta
from tallyio.core.errors import ConfigError
from tallyio.core.pools import V2, V3
from tallyio.protocols.dex import uniswap_v2, uniswap_v3
from tallyio.protocols.dex.deployments import Deployment, Router
from tallyio.protocols.dex.intents import SwapIntent
from tallyio.protocols.dex.routers import RouterCalls

POOL_TOPICS = (uniswap_v2.SYNC, uniswap_v3.INITIALIZE, uniswap_v3.SWAP, uniswap_v3.MINT, uniswap_v3.BURN)


class DexRegistry:
    """Immutable after construction. Raises ``ConfigError`` for a deployment of a family not known here."""

    def __init__(self, deployments: Iterable[Deployment], routers: Iterable[Router] = ()) -> None:
        self.deployments = tuple(deployments)
        self.routers = {router.address: router for router in routers}
        for deployment in self.deployments:
            if deployment.family not in (V2, V3):
                raise ConfigError(f"{deployment.protocol}: expected family {V2} or {V3}, found {deployment.family}")
        self.factories = {deployment.factory: deployment for deployment in self.deployments}

    def decode(self, log: Log) -> StateDelta | None:
        """What the log means to the market; ``None`` for events without meaning here.

        Raises ``ChainDataError`` when a known event cannot be decoded: the caller skips and counts it.
        """
        deployment = self.factories.get(log.address)
        if deployment is not None:
            discover = uniswap_v2.discover if deployment.family == V2 else uniswap_v3.discover
            return discover(log, deployment)
        return uniswap_v2.decode(log) or uniswap_v3.decode(log)

    def intents(self, transaction: PendingTransaction) -> tuple[SwapIntent, ...]:
        """The swaps that a pending transaction's signed bytes ask for; empty where contract or function are unknown.

        Raises ``ChainDataError`` where a router's function is called with arguments that do not decode.
        """
        return self._calls.read(transaction.raw) if transaction.to in self.routers else ()

    @cached_property
    def _calls(self) -> RouterCalls:
        return RouterCalls(self.routers.values())
