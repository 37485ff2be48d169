"""All logs of a block, proved against its header.

``eth_getLogs`` by block hash is the truth here, never a log subscription: a subscription pushes logs one by one,
in no promised order with the head, says nothing when the last one has come, and loses those of a broken
connection for good. An answer counts only when every log names the block, the log indexes run from 0 without a
gap, and the bloom filter recomputed from them equals the header's; anything less is asked again. (What this cannot
see is an answer cut short at its end by logs whose address and topics all occur earlier in the block; a node indexes
the logs of a block as a whole, so that a lagging one answers with none.)
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tallyio.chains import blocks
from tallyio.chains.blocks import Header
from tallyio.chains.bloom import logs_bloom
from tallyio.chains.jsonrpc import RpcError
from tallyio.core.chain import Log
from tallyio.core.errors import OutOfReachError
from tallyio.core.units import Hash32

if TYPE_CHECKING:
    from tallyio.chains.rpc import Rpc

_NO_LOGS = bytes(256)


class UnreadableBlockError(OutOfReachError):
    """The node keeps answering with logs that are not those of the block."""


class BlockGoneError(OutOfReachError):
    """The node no longer knows the block: a reorg dropped it while it was read."""


def complete(header: Header, logs: Sequence[Log]) -> bool:
    """Whether ``logs``, in order, can be all logs of the block."""
    return (
        all(log.block_hash == header.ref.hash and log.log_index == i for i, log in enumerate(logs))
        and logs_bloom(logs) == header.logs_bloom
    )


class LogReader:
    """Reads logs of single blocks and of ranges; ``retries`` counts the answers that had to be asked again."""

    def __init__(self, rpc: "Rpc", *, attempts: int = 8, pause_s: float = 0.02, range_size: int = 500) -> None:
        self._rpc = rpc
        self._attempts = attempts
        self._pause_s = pause_s
        self._range = self._max_range = range_size
        self.retries = 0

    async def of_block(self, header: Header) -> list[Log]:
        """Raises ``BlockGoneError`` or, after bounded attempts, ``UnreadableBlockError``."""
        if header.logs_bloom == _NO_LOGS:
            return []
        for attempt in range(self._attempts):
            try:
                raw = await self._rpc.call("eth_getLogs", [{"blockHash": header.ref.hash}])
                logs = sorted(blocks.logs(raw), key=lambda log: log.log_index)
                if complete(header, logs):
                    return logs
                found = f"{len(logs)} logs that do not make up the header's bloom filter"
            except RpcError as refused:
                found = refused.reason
            if await self._rpc.call("eth_getBlockByHash", [header.ref.hash, False]) is None:
                raise BlockGoneError(f"block {header.ref.number} {header.ref.hash} left the chain while it was read")
            self.retries += 1
            await asyncio.sleep(self._pause_s * 2**attempt)
        raise UnreadableBlockError(
            f"{self._rpc.where} did not give the logs of block {header.ref.number} in {self._attempts} attempts: "
            f"found {found}, expected all logs of the block",
            todo="Use a node that is in sync and serves eth_getLogs by block hash",
        )

    async def of_range(self, headers: Sequence[Header]) -> list[list[Log]]:
        """Logs of consecutive blocks, a list each. Ranges shrink where the node refuses them and grow again."""
        by_hash: dict[Hash32, list[Log]] = {header.ref.hash: [] for header in headers}
        start = 0
        while start < len(headers):
            part = headers[start : start + self._range]
            bounds = {"fromBlock": hex(part[0].ref.number), "toBlock": hex(part[-1].ref.number)}
            try:
                logs = blocks.logs(await self._rpc.call("eth_getLogs", [bounds]))
            except OutOfReachError:
                if len(part) == 1:
                    logs = []  # of_block below asks in the other way, and raises if that fails too
                else:
                    self._range = max(1, len(part) // 2)
                    continue
            for log in logs:
                if log.block_hash in by_hash:
                    by_hash[log.block_hash].append(log)
            start += len(part)
            self._range = min(self._max_range, self._range * 2)
        result = []
        for header in headers:
            found = sorted(by_hash[header.ref.hash], key=lambda log: log.log_index)
            result.append(found if complete(header, found) else await self.of_block(header))
        return result
