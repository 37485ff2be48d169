"""A reorganisation below the block at which the lending markets were read: they are read again."""

from pathlib import Path
from typing import Any

from tallyio.app.devnet_config import write_directory
from tallyio.app.searcher import build_mirror
from tallyio.chains.follow import Follower
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.chain import NewBlock, Rollback
from tallyio.engine.mirror import Mirror


async def follow(follower: Follower, mirror: Mirror) -> list[Rollback]:
    """Up to the node's head; the rollbacks on the way."""
    found = []
    async for event in follower.advance():
        match event:
            case NewBlock():
                mirror.apply(event)
            case Rollback():
                mirror.rewind(event)
                found.append(event)
    return found


async def test_lending_markets_are_read_again(own_chain: Any, tmp_path: Path) -> None:
    urls = {"http_url": own_chain.rpc_url, "ws_url": own_chain.ws_url, "builder_url": "http://127.0.0.1:9"}
    write_directory(tmp_path, own_chain.world, **urls, block_seconds=12, interval_ms=1000)
    directory = ConfigDirectory.open(tmp_path)
    async with Rpc(own_chain.rpc_url) as rpc:
        mirror = build_mirror(directory, rpc)
        follower = Follower(rpc, directory.chain.start_block)
        snapshot = own_chain.anvil.rpc.call("evm_snapshot")
        own_chain.anvil.mine()
        await follow(follower, mirror)
        await mirror.complete()
        opened = mirror.head.block
        assert mirror.lending

        own_chain.anvil.revert(snapshot)
        own_chain.anvil.rpc.call("anvil_setCoinbase", "0x" + "11" * 20)  # else it would be the same block again
        own_chain.anvil.mine()
        own_chain.anvil.mine()
        [rollback] = await follow(follower, mirror)
        assert opened in rollback.dropped
        await mirror.complete()
        assert mirror.lending
        assert mirror.head.block.number == opened.number + 1
        assert await mirror.verify() == []
