"""``tallyio demo``: the main job, end to end, on an embedded chain."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from tallyio.app import devnet
from tallyio.app.deploy import deploy_executor
from tallyio.app.figures import RunFigures, write_figures
from tallyio.app.options import DemoOptions, DevnetOptions
from tallyio.app.report import account_for, write_page
from tallyio.app.run import BlockLimit, figures_of, run_with_view
from tallyio.app.searcher import Searcher
from tallyio.config.directory import ConfigDirectory


async def run_demo(options: DemoOptions, *, quiet: bool) -> dict[str, Any]:
    """Everything in a folder of its own, made anew; the chain is stopped at the end, the folder stays."""
    root = Path(options.dir).expanduser().resolve()
    say = (lambda _: None) if quiet else _say
    chain_options = DevnetOptions(
        dir=str(root / "chain"),
        chain_id=options.chain_id,
        seed=options.seed,
        block_time=options.block_time,
        interval_ms=options.interval_ms,
        rivals=options.rivals,
        reorg_every=options.reorg_every,
    )
    _clear(root)
    say("starting the chain: contracts, traders, borrowers, block builder")
    process = devnet.spawn(chain_options)
    try:
        state = await asyncio.to_thread(devnet.wait_until_ready, process, chain_options.directory)
        config = root / "config"
        devnet.configure(config, state, devnet.DEMO_KEY)
        say("deploying the executor contract")
        await deploy_executor(config, live=True)
        directory = ConfigDirectory.open(config)
        figures = await _search(directory, options)
        say("searching every block exhaustively for what was missed, and proving the ledger")
        result, records, comparison = await account_for(directory, figures, missed=True)
    finally:
        if process.poll() is None:
            await asyncio.to_thread(devnet.terminate, process.pid)
            await asyncio.to_thread(process.wait)
    page = Path(options.html).expanduser() if options.html else root / "report.html"
    write_page(page, directory, result, records, comparison)
    if not quiet:
        _show(result, page)
    return {**msgspec.to_builtins(result), "report": str(page)}


async def _search(directory: ConfigDirectory, options: DemoOptions) -> RunFigures:
    limit = BlockLimit(options.blocks)
    async with Searcher(directory, live=True, observers=(limit,)) as searcher:
        limit.searcher = searcher
        await run_with_view(searcher, headless=options.headless)
        figures = figures_of(searcher, limit, options.seed)
    write_figures(directory.data_dir, figures)
    return figures


def _clear(root: Path) -> None:
    """Only what a demo made: its chain (stopped first, should one still run), its config, its page."""
    if running := devnet.read_state(root / "chain"):
        devnet.terminate(running.pid)
    for name in ("chain", "config"):
        with suppress(FileNotFoundError):
            shutil.rmtree(root / name)


def _say(text: str) -> None:
    import sys

    print(f"==> {text}", file=sys.stderr)


def _show(result: Any, page: Path) -> None:
    from rich.console import Console

    from tallyio.reports.table import render

    console = Console()
    console.print(render(result))
    console.print(f"The page of this run: {page}", highlight=False)
