"""The ledger, shown and proved."""

from pathlib import Path
from typing import Any

from tallyio.app.chain_check import check_chain
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.engine.chain_reader import RpcChainReader
from tallyio.engine.ledger_proof import LedgerReport, verify_ledger
from tallyio.journal.ledger_reader import LedgerReader
from tallyio.journal.log import FILE_NAME, JournalReader


async def prove(directory: ConfigDirectory) -> LedgerReport:
    chain = directory.chain
    async with Rpc(chain.http_url) as rpc:
        await check_chain(rpc, chain)
        with JournalReader.open(directory.data_dir / FILE_NAME) as journal:
            return await verify_ledger(RpcChainReader(rpc, chain.multicall3), LedgerReader(journal), chain.weth)


async def verify(config: Path) -> dict[str, Any]:
    """Everything posted since the opening, derived again from the chain alone."""
    report = await prove(ConfigDirectory.open(config))
    return {
        "first_block": report.first.number,
        "last_block": report.last.number,
        "transactions": report.transactions,
        "missing": list(report.missing),
        "unfounded": list(report.unfounded),
        "unequal": list(report.unequal),
        "differences": [f"{d.account} {d.token}: ledger {d.ledger}, chain {d.chain}" for d in report.differences],
        "difference_wei": report.difference_wei,
    }


def balances(config: Path) -> dict[str, Any]:
    directory = ConfigDirectory.open(config)
    with JournalReader.open(directory.data_dir / FILE_NAME) as journal:
        ledger = LedgerReader(journal)
        head = ledger.head()
        found: dict[str, dict[str, int]] = {}
        for (account, token), amount in sorted(ledger.balances().items()):
            found.setdefault(account, {})[token] = amount
        return {"block": head.number if head else None, "balances": found}
