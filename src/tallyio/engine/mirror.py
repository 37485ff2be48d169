"""Everything known of the chain as of one block: pools and lending markets, moved, rewound and verified together."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from tallyio.chains.fees import next_base_fee
from tallyio.core.chain import BlockRef, NewBlock, Rollback
from tallyio.core.errors import BugError, DivergenceError
from tallyio.core.units import Address, Hash32
from tallyio.market.lending import LendingMirror
from tallyio.market.loans import LoanBook
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.market.verification import verify_pools
from tallyio.market.view import MarketView

log = structlog.get_logger()

Read = Callable[[Sequence[tuple[Address, bytes]], int], Awaitable[list[tuple[bool, bytes]]]]
"""Makes view calls at one block: (target, calldata) pairs in, (succeeded, returned bytes) out, in order."""
Holders = Callable[[Iterable[Address], int], Awaitable[set[Address]]]
"""Everyone who received one of some tokens up to a block."""


class Mirror:
    """Pools follow from logs since the first block. Lending markets are read once, at the block where history ends,
    for everyone who ever held one of their tokens; from there on they follow from logs as well.
    """

    def __init__(
        self,
        market: Market,
        lending_providers: Sequence[Address],
        read: Read,
        holders: Holders,
        block_seconds: int,
        loans: LoanBook | None = None,
    ) -> None:
        self.market = market
        self.loans = loans or LoanBook((), ())
        self.lending: dict[Address, LendingMirror] = {}
        self._providers = tuple(lending_providers)
        self._read = read
        self._holders = holders
        self._block_seconds = block_seconds
        self._head: NewBlock | None = None
        self._lending_open = not lending_providers
        self._before: dict[Hash32, NewBlock] = {}

    @property
    def head(self) -> NewBlock:
        if self._head is None:
            raise BugError("the mirror has heard no block yet")
        return self._head

    def apply(self, event: NewBlock) -> None:
        """The next block's logs; the first one that is applied sets where the mirror begins."""
        if self._head is None:
            parent = BlockRef(event.block.number - 1, event.block.parent_hash, Hash32(""), 0)
            self.market.start(parent)
        self.market.apply(event)
        for mirror in self.lending.values():
            mirror.apply(event.block, event.logs)
        self.loans.apply(event)
        self._remember(event)

    async def complete(self) -> None:
        """Read what logs do not say: pools that no event tells, lending markets that are not mirrored yet, what has no
        event.

        Raises ``OutOfReachError`` when the chain does not answer; it may be called again.
        """
        if unread := [self.market.pools[address] for address in self.market.unread]:
            number, known = self.head.block.number, self.market.refreshable
            self.market.settle(await read_pools(self._read, unread, number, known))
        if not self._lending_open:
            await self._open_lending()
        for mirror in self.lending.values():
            if mirror.needs_read:
                await mirror.settle(self._read)
            self.loans.follow(mirror.state.reserves)
        await self.loans.settle(self._read, self.head.block.number)

    async def _open_lending(self) -> None:
        for provider in self._providers:
            bare = await LendingMirror.start(self._read, provider, (), self.head.block)
            tokens = [t for reserve in bare.state.reserves.values() for t in (reserve.a_token, reserve.debt_token)]
            accounts = await self._holders(tokens, self.head.block.number)
            mirror = await LendingMirror.start(self._read, provider, accounts, self.head.block)
            self.lending[mirror.state.market] = mirror
        self._lending_open = True

    def rewind(self, event: Rollback) -> None:
        """Raises ``DivergenceError`` when the pools' history does not reach back that far."""
        self.market.rewind(event)
        self.loans.rewind()
        if event.to.hash not in self._before:
            raise BugError(f"block {event.to.number} {event.to.hash} was never heard, so it cannot be rewound to")
        self._head = self._before[event.to.hash]
        try:
            for mirror in self.lending.values():
                mirror.rewind(event.to)
        except DivergenceError as e:
            # Usual soon after the start, when the markets were read at a block that has left the chain.
            log.info("lending markets are read again", reason=e.message)
            self.lending.clear()
            self._lending_open = not self._providers

    def view(self) -> MarketView:
        """What a transaction at the top of the next block meets."""
        head = self.head
        return self.market.view(
            next_base_fee_wei=next_base_fee(head.base_fee_wei, head.gas_used, head.gas_limit),
            next_timestamp=head.block.timestamp + self._block_seconds,
            lending={market: mirror.state for market, mirror in self.lending.items()},
            offers=self.loans.offers,
        )

    async def verify(self) -> list[str]:
        """Compare every pool and position with the chain at the current block; one line a difference.

        A pool that is set aside until it is read anew has no state here, and nothing is traded on it.
        """
        number, states = self.head.block.number, self.market.states
        aside = (self.market.unread.keys() | self.market.refused.keys()) - states.keys()
        known = {address: pool for address, pool in self.market.pools.items() if address not in aside}
        pools = await verify_pools(self._read, known, states, number)
        lines = [str(difference) for difference in pools]
        for mirror in self.lending.values():
            lines += [
                f"{d.what}: mirrored {d.mirrored}, on chain {d.on_chain}" for d in await mirror.verify(self._read)
            ]
        return lines

    @property
    def skipped_logs(self) -> int:
        return self.market.counters.undecodable + sum(mirror.skipped_logs for mirror in self.lending.values())

    def _remember(self, event: NewBlock) -> None:
        self._head = event
        self._before[event.block.hash] = event
        _keep_newest(self._before, 256)


def _keep_newest(kept: dict[Hash32, NewBlock], count: int) -> None:
    for hash_ in list(kept)[: max(0, len(kept) - count)]:
        del kept[hash_]
