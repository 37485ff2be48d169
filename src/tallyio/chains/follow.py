"""The canonical chain, block by block: gaps filled, reorgs rolled back.

Nothing here trusts a notice. A block is yielded only if its parent is the block yielded before it; when that
does not hold, the kept history is compared with the node's chain, newest first, down to the common ancestor.
"""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from tallyio.chains import blocks, reads
from tallyio.chains.block_logs import BlockGoneError, LogReader
from tallyio.chains.blocks import Header
from tallyio.core.chain import BlockRef, NewBlock, Rollback
from tallyio.core.errors import ConfigError, DivergenceError, OutOfReachError

if TYPE_CHECKING:
    from tallyio.chains.rpc import Rpc

_WALK = 16
_FRUITLESS = 10


class Follower:
    """Yields ``NewBlock`` and ``Rollback`` from a start on.

    ``start`` is the number of the first block to yield, or a ``BlockRef`` that the caller already knows: then its
    child comes first. ``history`` blocks are kept for reorgs. A head lower than the tip on the same chain may be
    a node that lags: it becomes a rollback after being seen ``shrink_confirmations`` times in a row.
    """

    def __init__(
        self,
        rpc: "Rpc",
        start: int | BlockRef,
        *,
        history: int = 128,
        range_size: int = 500,
        shrink_confirmations: int = 3,
        logs: LogReader | None = None,
    ) -> None:
        self._rpc = rpc
        self._start = start
        self._logs = logs or LogReader(rpc, range_size=range_size)
        self._range = range_size
        self._kept: deque[BlockRef] = deque(maxlen=history + 1)
        self._shrink_confirmations = shrink_confirmations
        self._shorter = 0
        self.seen = 0
        """Number of the head that the node last told of."""
        if isinstance(start, BlockRef):
            self._kept.append(start)

    @property
    def tip(self) -> BlockRef | None:
        """The last block of the caller's chain; before the first ``NewBlock`` that is its parent."""
        return self._kept[-1] if self._kept else None

    async def advance(self, notice: Header | None = None) -> AsyncIterator[NewBlock | Rollback]:
        """Everything between the tip and the node's head. ``notice`` is a head that the node announced, if any."""
        if not self._kept and not await self._anchor():
            return
        tip = self._kept[-1] if self._kept else None
        if notice is not None:
            self.seen = notice.ref.number
        if notice is not None and tip is not None and notice.ref.parent_hash == tip.hash:
            try:
                block = notice.block(await self._logs.of_block(notice))
            except BlockGoneError:
                pass
            else:
                yield self._extend(block)
                return
        fruitless = 0
        while (head := await reads.get_block(self._rpc)) is not None:
            self.seen = head.ref.number
            tip = self._kept[-1] if self._kept else None
            if tip is not None and head.ref.hash == tip.hash:
                self._shorter = 0
                return
            first = tip.number + 1 if tip else 0
            headers = await self._headers(first, min(head.ref.number, first + self._range - 1))
            linked = self._linked(headers)
            fruitless += 1
            if fruitless > _FRUITLESS:
                raise OutOfReachError(f"{self._rpc.where} contradicts itself about the blocks after {first - 1}")
            if linked:
                self._shorter = 0
                try:
                    found = await self._logs.of_range(linked)
                except BlockGoneError:
                    continue
                for header, logs in zip(linked, found, strict=True):
                    yield self._extend(header.block(logs))
                    fruitless = 0
            elif tip is not None and (rollback := await self._reorganise(head)) is not None:
                yield rollback
            elif not headers:
                return

    async def _anchor(self) -> bool:
        """Take the parent of the first block as tip, so that a reorg of the first block can be named."""
        if isinstance(self._start, BlockRef) or self._start == 0:
            return True
        parent = await reads.get_block(self._rpc, self._start - 1)
        if parent is None:
            return False  # the chain is not there yet
        self._kept.append(parent.ref)
        return True

    def _extend(self, block: NewBlock) -> NewBlock:
        self._kept.append(block.block)
        return block

    async def _headers(self, first: int, last: int) -> list[Header]:
        calls = [("eth_getBlockByNumber", [hex(number), False]) for number in range(first, last + 1)]
        found = []
        for raw in await self._rpc.batch(calls):
            if raw is None:
                break
            found.append(blocks.header(raw))
        return found

    def _linked(self, headers: Sequence[Header]) -> list[Header]:
        """The longest beginning of ``headers`` in which each block is the child of the one before, from the tip on."""
        parent = self._kept[-1].hash if self._kept else None
        linked: list[Header] = []
        for header in headers:
            if parent is not None and header.ref.parent_hash != parent:
                break
            linked.append(header)
            parent = header.ref.hash
        return linked

    async def _reorganise(self, head: Header) -> Rollback | None:
        """The way back to the newest kept block that is still canonical; None when the tip itself is."""
        kept = list(self._kept)
        alive = [ref for ref in kept if ref.number <= head.ref.number]
        ancestor: BlockRef | None = None
        for end in range(len(alive), 0, -_WALK):
            part = alive[max(0, end - _WALK) : end]
            calls = [("eth_getBlockByNumber", [hex(ref.number), False]) for ref in part]
            answers = await self._rpc.batch(calls)
            for ref, raw in zip(reversed(part), reversed(answers), strict=True):
                if raw is not None and blocks.header(raw).ref.hash == ref.hash:
                    ancestor = ref
                    break
            if ancestor is not None:
                break
        if ancestor is None:
            raise self._too_deep(head)
        if ancestor == kept[-1]:
            return None
        if ancestor.number == head.ref.number:
            self._shorter += 1
            if self._shorter < self._shrink_confirmations:
                return None
        self._shorter = 0
        dropped = [ref for ref in reversed(kept) if ref.number > ancestor.number]
        while self._kept[-1] != ancestor:
            self._kept.pop()
        return Rollback(to=ancestor, dropped=tuple(dropped))

    def _too_deep(self, head: Header) -> Exception:
        oldest, tip = self._kept[0], self._kept[-1]
        if isinstance(self._start, BlockRef) and tip == self._start:
            return ConfigError(
                f"block {tip.number} {tip.hash}, from which to go on, is not on the chain of {self._rpc.where}",
                todo="Start from an earlier block number, or check that the RPC is that of the same chain",
            )
        return DivergenceError(
            f"the chain of {self._rpc.where}, now at block {head.ref.number}, shares none of the kept blocks "
            f"{oldest.number} to {tip.number}: a reorg deeper than the kept history",
            todo="Start again so that the state is rebuilt from the chain, or keep more history",
        )
