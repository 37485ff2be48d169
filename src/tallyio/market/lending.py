"""A lending market mirrored: moved by the logs of each block, rewound on a reorg, compared with the chain."""

from collections import deque
from collections.abc import Iterable

import structlog

from tallyio.core.chain import BlockRef, Log
from tallyio.core.errors import BugError, ChainDataError, DivergenceError
from tallyio.core.lending import LendingState
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3 import reader
from tallyio.protocols.lending.aave_v3.apply import Draft
from tallyio.protocols.lending.aave_v3.events import Directory, decode_log, directory
from tallyio.protocols.lending.aave_v3.reader import Read
from tallyio.protocols.lending.aave_v3.verification import Difference, compare

log = structlog.get_logger()

HISTORY = 256
"""Blocks that can be rewound."""


class LendingMirror:
    """One Aave v3 market as of ``block``.

    Most blocks need nothing but their logs. What events do not say (``unread``) is read through ``read`` at that
    block; until then ``apply`` alone leaves it as it was.
    """

    def __init__(self, state: LendingState, block: BlockRef) -> None:
        self._history: deque[tuple[BlockRef, LendingState]] = deque([(block, state)], maxlen=HISTORY + 1)
        self._contracts: Directory = directory(state)
        self._unread: set[Address] = set()
        self._stale = False
        self.skipped_logs = 0
        """Logs of the market that could not be understood; after one, the whole market is read again."""

    @classmethod
    async def start(
        cls, read: Read, provider: Address, accounts: Iterable[Address], block: BlockRef
    ) -> "LendingMirror":
        """Reads the market behind ``provider`` at ``block``. ``accounts``: everyone who ever had a position
        (``accounts_in`` finds them in logs); ``verify`` proves that none is missing.

        Raises ``OutOfReachError`` when the contracts do not answer.
        """
        return cls(await reader.read_market(read, provider, accounts, block.number), block)

    @property
    def state(self) -> LendingState:
        return self._history[-1][1]

    @property
    def block(self) -> BlockRef:
        return self._history[-1][0]

    @property
    def contracts(self) -> frozenset[Address]:
        """The contracts whose logs the mirror needs."""
        return frozenset(self._contracts)

    @property
    def needs_read(self) -> bool:
        return bool(self._stale or self._unread or self.state.polled or int(self.state.sentinel, 16))

    async def advance(self, block: BlockRef, logs: Iterable[Log], read: Read) -> None:
        """The next block whole: its logs, then what no event announces."""
        self.apply(block, logs)
        if self.needs_read:
            await self.settle(read)

    def apply(self, block: BlockRef, logs: Iterable[Log]) -> None:
        """The next block's logs, in order. Raises ``BugError`` when ``block`` does not follow."""
        if block.parent_hash != self.block.hash:
            raise BugError(f"block {block.number} {block.hash} does not follow {self.block.number} {self.block.hash}")
        draft = Draft(self.state, block.timestamp)
        contracts = self._contracts
        for entry in logs:
            try:
                change = decode_log(entry, self.state.market, contracts)
                if change is None:
                    continue
                draft.apply(change)
                if change.name == "ReserveInitialized":
                    contracts = directory(draft.freeze())
            except ChainDataError as e:
                self.skipped_logs += 1
                self._stale = True
                log.warning("lending log not understood; the market will be read again", error=e.message)
        self._contracts = contracts
        self._unread |= draft.unread
        self._stale = self._stale or draft.moved
        self._history.append((block, draft.freeze()))

    async def settle(self, read: Read) -> None:
        """Reads at the current block what its logs did not say. Raises ``OutOfReachError``; may be tried again."""
        number = self.block.number
        if self._stale:
            state = await reader.read_market(read, self.state.provider, self.state.accounts, number)
        else:
            state, unread = self.state, sorted(self._unread & set(self.state.reserves))
            for asset in unread:
                state = state.with_reserve(await reader.read_reserve(read, state, asset, number))
            if unread:
                state = await reader.read_prices(read, state, unread, number)
            state = await reader.poll(read, state, number)
        self._stale = False
        self._unread.clear()
        self._replace(state)

    def rewind(self, to: BlockRef) -> None:
        """Back to the state as of ``to``. Raises ``DivergenceError`` when that lies before the kept history."""
        if all(block.hash != to.hash for block, _ in self._history):
            raise DivergenceError(
                f"block {to.number} {to.hash} is not among the last {len(self._history)} of the lending mirror",
                todo="Read the market from the chain again",
            )
        while self.block.hash != to.hash:
            self._history.pop()
        self._contracts = directory(self.state)

    async def verify(self, read: Read) -> list[Difference]:
        """Compares every number with the chain at the current block; empty when all agree."""
        return await compare(read, self.state, self.block)

    def _replace(self, state: LendingState) -> None:
        block, _ = self._history.pop()
        self._history.append((block, state))
        self._contracts = directory(state)
