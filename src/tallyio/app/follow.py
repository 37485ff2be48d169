"""A mirror brought from the chain's first block that matters to its newest one, for commands that take one look."""

from tallyio.app.searcher import build_mirror
from tallyio.chains import reads
from tallyio.chains.feed import WebSocketFeed
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.chain import FeedStatus, NewBlock, PendingTransaction, Rollback
from tallyio.engine.mirror import Mirror


async def mirror_at_head(directory: ConfigDirectory, rpc: Rpc) -> Mirror:
    """Pools and lending positions as of the block that was the newest when this was called."""
    mirror = build_mirror(directory, rpc)
    head = await reads.get_block(rpc)
    last = head.ref.number if head else 0
    events = WebSocketFeed(rpc, directory.chain.ws_url, directory.chain.start_block, pending=False).events()
    try:
        async for event in events:
            match event:
                case NewBlock():
                    mirror.apply(event)
                    if event.block.number >= last:
                        break
                case Rollback():
                    mirror.rewind(event)
                case FeedStatus() | PendingTransaction():
                    pass
    finally:
        await events.aclose()  # type: ignore[attr-defined]
    await mirror.complete()
    return mirror
