"""What a run did, from its journal, and what it missed, from the chain."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from tallyio import __version__
from tallyio.app.chain_check import check_chain
from tallyio.app.figures import RunFigures, read_figures
from tallyio.app.ledger import prove
from tallyio.app.taken import sight_of, taken_by_others
from tallyio.chains import blocks, reads
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.executor_events import EXECUTED, executed
from tallyio.core.pools import V2, V3
from tallyio.core.units import Address, address
from tallyio.journal.log import FILE_NAME, JournalReader
from tallyio.reports.exhaustive import BlockTakeable, ExhaustiveCheck, Factory, GasModel, Scope
from tallyio.reports.html import Page, render
from tallyio.reports.lost_json import as_object
from tallyio.reports.missed import Comparison, compare
from tallyio.reports.records import RunRecords, read_run
from tallyio.reports.tally import RivalTally, Tally, tally
from tallyio.strategies.arbitrage import ArbitrageSettings
from tallyio.strategies.liquidation import LiquidationSettings

WORKERS = 2
GET_POOL = bytes.fromhex("026b1d5f")
"""``getPool()`` of Aave's PoolAddressesProvider."""


async def make_report(config: Path, *, missed: bool, html: Path | None) -> dict[str, Any]:
    directory = ConfigDirectory.open(config)
    result, records, comparison = await account_for(directory, read_figures(directory.data_dir), missed=missed)
    if html:
        write_page(html, directory, result, records, comparison)
    shown: dict[str, Any] = msgspec.to_builtins(result)
    shown["missed"] = [as_object(lost) for lost in comparison.lost]
    return shown


async def account_for(
    directory: ConfigDirectory, figures: RunFigures, *, missed: bool
) -> tuple[Tally, RunRecords, Comparison]:
    """The tally of a run beside what others took; with ``missed`` beside what an exhaustive search finds, too."""
    records = read_records(directory.data_dir)
    takeable = await search_all(directory, figures.first_block, figures.last_block - 1) if missed else []
    async with Rpc(directory.chain.http_url) as rpc:
        await check_chain(rpc, directory.chain)
        taken = await taken_by_others(rpc, directory, figures, {o.tx_hash for o in records.outcomes})
        sight = await sight_of(rpc, directory, figures, taken)
    comparison = compare(takeable, records, taken, sight, searched=missed)
    proof = await prove(directory)
    result = tally(
        records,
        version=__version__,
        seed=figures.seed,
        blocks=figures.last_block - figures.first_block + 1,
        ledger_difference_wei=proof.difference_wei,
        latency_us=figures.latency_us,
        comparison=comparison,
        rivals=await rivals_of(directory, figures),
    )
    return result, records, comparison


def write_page(
    path: Path, directory: ConfigDirectory, result: Tally, records: RunRecords, comparison: Comparison | None
) -> None:
    title = f"{directory.settings.chain}, chain id {directory.chain.chain_id}, seed {result.seed}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(Page(title, result, records, comparison)), encoding="utf-8")


def read_records(data_dir: Path) -> RunRecords:
    with JournalReader.open(data_dir / FILE_NAME) as journal:
        return read_run(journal)


async def search_all(directory: ConfigDirectory, first: int, last: int) -> list[BlockTakeable]:
    """The exhaustive check over state blocks ``first`` to ``last``, on all cores."""
    blocks = list(range(first, last + 1))
    if not blocks:
        return []
    size = -(-len(blocks) // WORKERS)
    parts = [blocks[i : i + size] for i in range(0, len(blocks), size)]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(len(parts)) as pool:
        scope = await scope_of(directory)
        jobs = [loop.run_in_executor(pool, search_blocks, directory.chain.http_url, scope, part) for part in parts]
        return [block for part in await asyncio.gather(*jobs) for block in part]


def search_blocks(http_url: str, scope: Scope, blocks: list[int]) -> list[BlockTakeable]:
    async def search() -> list[BlockTakeable]:
        async with Rpc(http_url) as rpc:
            check = ExhaustiveCheck(rpc, scope)
            return [await check.at(block) for block in blocks]

    return asyncio.run(search())


async def scope_of(directory: ConfigDirectory) -> Scope:
    """The same pools, markets, minimum and gas model that the searcher is configured with."""
    chain = directory.chain
    async with Rpc(chain.http_url) as rpc:
        markets = [address(await reads.call(rpc, m.provider, GET_POOL)) for m in chain.lending]
    arbitrage = directory.strategy("arbitrage", ArbitrageSettings)
    liquidation = directory.strategy("liquidation", LiquidationSettings)
    return Scope(
        weth=chain.weth,
        multicall3=chain.multicall3,
        factories=tuple(Factory(d.factory, d.family, d.fee_pips) for d in chain.dexes),
        markets=tuple(markets),
        min_profit_wei=arbitrage.min_profit_wei,
        gas=GasModel(
            wei_per_gas=0,
            base=arbitrage.gas.base,
            per_v2_hop=arbitrage.gas.swap[V2],
            per_v3_hop=arbitrage.gas.swap[V3],
            per_liquidation=liquidation.gas.liquidation,
        ),
        fee_on_transfer=tuple(token for token, why in chain.untradable_tokens.items() if "fee" in why),
        first_block=chain.start_block,
    )


async def rivals_of(directory: ConfigDirectory, figures: RunFigures) -> RivalTally | None:
    """Trades of other executors of this kind in the run's blocks, by their own events."""
    from tallyio.app.executor import recorded_executor

    async with Rpc(directory.chain.http_url) as rpc:
        await check_chain(rpc, directory.chain)
        query = {
            "fromBlock": hex(figures.first_block),
            "toBlock": hex(figures.last_block),
            "topics": [EXECUTED],
        }
        logs = blocks.logs(await rpc.call("eth_getLogs", [query]))
    ours: Address | None = recorded_executor(directory)
    trades = [trade for log in logs if log.address != ours and (trade := executed([log], log.address))]
    return RivalTally(len(trades), sum(gained - bid for gained, bid in trades)) if trades else None
