"""``tallyio run``: the searcher, with or without a live view, until it is stopped."""

import asyncio
import signal
from pathlib import Path
from typing import Any

from tallyio.app.executor import recorded_executor
from tallyio.app.figures import RunFigures, write_figures
from tallyio.app.searcher import Searcher
from tallyio.config.directory import ConfigDirectory
from tallyio.core.chain import NewBlock
from tallyio.monitoring.live import LiveView

FRAMES_PER_SECOND = 4


class BlockLimit:
    """Stops a searcher after so many blocks (0: never); an observer that hears of nothing else."""

    def __init__(self, blocks: int) -> None:
        self.first = self.last = 0
        self.left = blocks
        self.searcher: Searcher | None = None

    def block(self, block: NewBlock) -> None:
        self.first = self.first or block.block.number
        self.last = block.block.number
        if self.left:
            self.left -= 1
            if not self.left and self.searcher:
                self.searcher.stop()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_: None


async def run_searcher(
    config: Path, *, live: bool, blocks: int = 0, headless: bool = False, deploy: bool = False
) -> dict[str, Any]:
    """Run until SIGINT or SIGTERM, ``blocks`` blocks, the kill switch, or an error; what was done, in numbers."""
    directory = ConfigDirectory.open(config)
    if deploy and recorded_executor(directory) is None:
        from tallyio.app.deploy import deploy_executor

        await deploy_executor(config, live=live)
    limit = BlockLimit(blocks)
    async with Searcher(directory, live=live, observers=(limit,)) as searcher:
        limit.searcher = searcher
        try:
            await run_with_view(searcher, headless=headless)
        finally:
            figures = figures_of(searcher, limit, None)
            if limit.first:
                write_figures(directory.data_dir, figures)
        model = searcher.model
        return {
            "mode": model.mode,
            "first_block": limit.first,
            "last_block": limit.last,
            "opportunities": model.opportunities,
            "submitted": model.submitted,
            "landed": model.landed,
            "profit_wei": model.profit_wei,
            "breaker": searcher.books.breaker.reason,
            "latency_us": figures.latency_us,
        }


def figures_of(searcher: Searcher, limit: BlockLimit, seed: int | None) -> RunFigures:
    """What is kept of a run beside its journal."""
    market = searcher.mirror.market
    return RunFigures(
        first_block=limit.first,
        last_block=limit.last,
        seed=seed,
        latency_us=searcher.monitor.latency.summary(),
        pools=tuple(market.pools),
        left={**market.untradable, **market.unread},
        aside=tuple(market.asides()),
    )


async def run_with_view(searcher: Searcher, *, headless: bool) -> None:
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, searcher.cancel)
    try:
        if headless:
            await searcher.run()
            return
        with LiveView(searcher.model) as view:
            drawing = asyncio.create_task(_draw(searcher, view))
            try:
                await searcher.run()
            finally:
                drawing.cancel()
                await asyncio.gather(drawing, return_exceptions=True)
    finally:
        for signal_ in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(signal_)


async def _draw(searcher: Searcher, view: LiveView) -> None:
    while True:
        searcher.model.now_ns = searcher.clock.monotonic_ns()
        searcher.model.breaker = searcher.books.breaker.reason
        view.refresh()
        await asyncio.sleep(1 / FRAMES_PER_SECOND)
