"""What every family of exchanges is: one object that finds its pools, reads, follows, quotes and prices them.

A sibling is stateless. Whoever holds pools asks ``siblings.family_of`` and never looks at a family's name.
"""

from collections.abc import Generator, Sequence
from typing import NamedTuple, Protocol

from tallyio.core.chain import Log
from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.hot_path.curve import FloatCurve
from tallyio.protocols.dex.deployments import Deployment

Call = tuple[Address, bytes]
"""A view call: contract and calldata."""


class Refused(NamedTuple):
    """A pool that is not to be used, and why."""

    reason: str


class Learned(NamedTuple):
    """What a first read found where the announcement did not tell the pool whole: it replaces the announced one."""

    pool: Pool
    state: PoolState


Reading = Generator[list[Call], list[bytes | None], PoolState | Learned | Refused | None]
"""Yields rounds of calls, is sent their answers in order (``None`` where the contract reverts), returns what was read;
``None`` for a pool that has no state yet. All rounds are answered as of one block."""


class SwapResult(NamedTuple):
    amount_in: int
    amount_out: int
    state: PoolState


class Family(Protocol):
    """Amounts are in the tokens' smallest units, ``timestamp`` is that of the block in question (unix seconds)."""

    name: str
    topics: frozenset[str]
    """First topics of the events, of factories and of pools, that mean something to it."""
    everywhere: frozenset[str] = frozenset()
    """First topics of the events of a contract that holds many pools after which each of them must be read anew."""
    typical_gas: int = 110_000
    """Of one swap as the executor makes it, about."""
    lends: bool = False
    """Whether its swaps give their output before they take their input: they can fund a trade."""
    read_first: bool = False
    """Whether a new pool must be read once before its events can be followed."""

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        """The pool that the deployment's factory announces; ``None`` for its other events.

        Raises ``ChainDataError`` for one that cannot be.
        """
        ...

    def standing(self, deployment: Deployment) -> Pool | None:
        """The pool that the deployment itself is, where no factory announces it."""
        return None

    def key(self, log: Log) -> Address | None:
        """``Pool.address`` of the pool that an event of the family is about."""
        return log.address

    def read(self, pool: Pool) -> Reading:
        """The pool's state from view calls. Raises ``ChainDataError`` for an answer that is none of the family's."""
        ...

    def refresh(self, pool: Pool, state: PoolState) -> Reading:
        """As ``read``, where events tell all but what ``polled`` is about."""
        return self.read(pool)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        """The state after the pool's events ``logs``, in order, of one block; ``None`` where it must be read anew.

        Raises ``ChainDataError`` where an event cannot follow on ``state``: the pool must be read anew as well.
        """
        ...

    def paid_out(self, pool: Pool, log: Log) -> tuple[tuple[Address, int], ...]:
        """What the pool's own contract sent, each amount in one transfer, as the event of a swap says; nothing for
        other events, and where what several swaps pay may be sent together.

        Raises ``ChainDataError`` for an event of another shape than the family's.
        """
        return ()

    def swap(
        self,
        pool: Pool,
        state: PoolState,
        token_in: Address,
        token_out: Address,
        amount: int,
        timestamp: int,
        *,
        exact_out: bool = False,
    ) -> SwapResult:
        """Swaps ``amount`` of ``token_in`` (or for ``amount`` of ``token_out`` when ``exact_out``), to the wei.

        Raises ``ChainDataError`` for a swap that the contract refuses or does not offer, one that it would fill in
        part, and one that pays nothing.
        """
        ...

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> FloatCurve:
        """The float model of one direction; points to candidates, no more.

        Raises ``ChainDataError`` where there is none.
        """
        ...

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        """What the pool holds of each of its tokens; virtual reserves where liquidity is concentrated."""
        ...

    def gas(self, pool: Pool, state: PoolState) -> int:
        """``typical_gas``, better where the state tells more."""
        return self.typical_gas

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        """Why the pool cannot be traded in this state; empty when it can."""
        return "" if any(self.holdings(pool, state)) else "no liquidity"

    def polled(self, pool: Pool, state: PoolState) -> bool:
        """Whether what no event tells may have moved the state: it is read anew at every block."""
        return False

    def readable(self, state: PoolState, read: PoolState) -> PoolState:
        """``state`` without what the reading ``read`` of the same pool could not tell at its block."""
        return state

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """``SwapStep.detail`` of a swap."""
        return ()
