"""The devnet's service process: node, block builder, traffic, rivals; one process that owns them all."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import structlog

from tallyio.app.devnet import DevnetState, state_file
from tallyio.app.options import DevnetOptions
from tallyio.app.rivals import Rivals
from tallyio.core.clock import seeded
from tallyio.core.errors import TallyError
from tallyio.core.files import write_whole
from tallyio.devnet import cache
from tallyio.devnet.accounts import account
from tallyio.devnet.builder import BlockBuilder
from tallyio.devnet.builder.records import BlockReport
from tallyio.devnet.builder.server import Server
from tallyio.devnet.traffic import Traffic
from tallyio.devnet.world import Sizes, save

log = structlog.get_logger()

ORDERS_AFTER = 0.3
"""The share of a slot after which its orders arrive."""


async def serve(options: DevnetOptions) -> None:
    """Run until SIGTERM or SIGINT, then stop everything that was started here."""
    stop = asyncio.Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_, stop.set)
    directory = options.directory
    directory.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        sizes = Sizes(pools=options.pools, borrowers=options.borrowers)
        anvil, world = await asyncio.to_thread(
            cache.start_world,
            seed=options.seed,
            sizes=sizes,
            chain_id=options.chain_id,
            port=options.port,
            log_file=directory / "anvil.log",
        )
        stack.callback(anvil.stop)
        save(world, directory / "world.json")
        orders = (
            Orders(Traffic(anvil.rpc_url, world, options.seed), ORDERS_AFTER * options.interval_ms / 1000)
            if options.traffic
            else None
        )
        if orders:
            stack.push_async_callback(orders.close)
        builder = BlockBuilder(
            anvil.rpc_url,
            coinbase=account(options.seed, "proposer", 0).address,
            block_seconds=options.block_time,
            interval_ms=options.interval_ms,
            reorg_every=options.reorg_every,
            seed=options.seed,
            on_block=orders.after if orders else None,
        )
        stack.push_async_callback(builder.close)
        server = Server(builder)
        builder_url = await server.start(port=options.builder_port)
        stack.push_async_callback(server.stop)
        state = DevnetState(
            pid=os.getpid(),
            http_url=anvil.rpc_url,
            ws_url=anvil.ws_url,
            builder_url=builder_url,
            chain_id=world.chain_id,
            seed=options.seed,
            block_seconds=options.block_time,
            interval_ms=options.interval_ms,
            world_file=str(directory / "world.json"),
        )
        mining = asyncio.create_task(builder.run())
        stack.callback(mining.cancel)
        rivals = Rivals(directory / "rivals", world, state, options.rivals, seeded(options.seed, "rivals"))
        stack.push_async_callback(rivals.stop)
        await rivals.start()
        _publish(state, directory)
        log.info("devnet answers", **msgspec.to_builtins(state))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, mining}, return_when=asyncio.FIRST_COMPLETED)
        state_file(directory).unlink(missing_ok=True)
        if mining.done():
            mining.result()


class Orders:
    """Sends each block's traffic some way into the slot, in the background; the builder does not wait for it."""

    def __init__(self, traffic: Traffic, delay_s: float) -> None:
        self._traffic = traffic
        self._delay_s = delay_s
        self._sending: asyncio.Task[None] | None = None

    def after(self, report: BlockReport) -> None:
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(report.number))

    async def close(self) -> None:
        if self._sending:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        await self._traffic.close()

    async def _send(self, number: int) -> None:
        await asyncio.sleep(self._delay_s)
        try:
            await self._traffic.on_block(number)
        except TallyError as e:
            log.warning("no traffic for a block", after=number, reason=e.message)


def _publish(state: DevnetState, directory: Path) -> None:
    """Whole or not at all: readers take the file as the sign that everything answers."""
    write_whole(state_file(directory), msgspec.json.format(msgspec.json.encode(state), indent=1))
