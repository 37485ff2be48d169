"""Preflight: everything a run needs, looked at one by one; each line says what was found."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tallyio.app.chain_check import check_chain
from tallyio.app.executor import find_executor, recorded_executor
from tallyio.app.follow import mirror_at_head
from tallyio.app.hot_path import cpu_plan, memory
from tallyio.app.strategies import build_strategies
from tallyio.chains import reads
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import OperatorError, TallyError
from tallyio.engine import kill_switch
from tallyio.hot_path.cpu.layout import read_layout
from tallyio.hot_path.cpu.report import describe, explain
from tallyio.journal.log import FILE_NAME, JournalReader
from tallyio.journal.projections import breaker_state
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.risk.limits import Limits
from tallyio.wallet import keystore

Check = Callable[[], Awaitable[str]]
NEEDS_CHAIN = ("contracts", "wallet", "executor", "mirror")


async def examine(config: Path, *, verify: bool) -> dict[str, Any]:
    """``ok`` and one line a check; with ``verify`` every mirrored pool and position is compared with the chain."""
    directory = ConfigDirectory.open(config)
    async with Rpc(directory.chain.http_url) as rpc:
        doctor = _Doctor(directory, rpc)
        checks: list[tuple[str, Check]] = [
            ("settings", doctor.settings),
            ("processor", doctor.processor),
            ("memory", doctor.memory),
            ("chain", doctor.chain),
            ("contracts", doctor.contracts),
            ("wallet", doctor.wallet),
            ("executor", doctor.executor),
            ("data", doctor.data),
        ]
        if verify:
            checks.append(("mirror", doctor.mirror))
        result: dict[str, Any] = {"ok": True}
        for name, check in checks:
            if not doctor.chain_answers and name in NEEDS_CHAIN:
                result[name] = "not looked at: it needs the chain"
                continue
            try:
                result[name] = await check()
            except TallyError as e:
                result[name] = f"error: {e}"
                result["ok"] = False
        return result


class _Doctor:
    def __init__(self, directory: ConfigDirectory, rpc: Rpc) -> None:
        self._directory = directory
        self._rpc = rpc
        self.chain_answers = False

    async def settings(self) -> str:
        settings = self._directory.settings
        self._directory.limits(Limits)
        build_strategies(self._directory, DexRegistry([]))
        return f"mode {settings.mode}, strategies {', '.join(settings.strategies)}"

    async def processor(self) -> str:
        return f"{describe(read_layout())}; {explain(cpu_plan(self._directory.settings.hot_path))}"

    async def memory(self) -> str:
        return memory(self._directory)

    async def chain(self) -> str:
        await check_chain(self._rpc, self._directory.chain)
        head = await reads.get_block(self._rpc)
        number = head.ref.number if head else 0
        self.chain_answers = True
        return f"chain id {self._directory.chain.chain_id} at block {number}, {self._rpc.where}"

    async def contracts(self) -> str:
        chain = self._directory.chain
        named = {"weth": chain.weth, "multicall3": chain.multicall3}
        named |= {f"dexes.{d.name}.factory": d.factory for d in chain.dexes}
        named |= {f"routers.{r.address}": r.address for r in chain.routers}
        named |= {f"lending.{m.name}.provider": m.provider for m in chain.lending}
        named |= {f"lenders.{each.source}.address": each.address for each in chain.lenders}
        for key, address in named.items():
            if not await reads.get_code(self._rpc, address):
                raise OperatorError(f"{key}: no contract at {address}", todo="Correct the address in the chain's TOML")
        return f"{len(named)} addresses have code"

    async def wallet(self) -> str:
        owner = keystore.address_in(self._directory.resolve(self._directory.settings.wallet.keystore))
        balance = await reads.get_balance(self._rpc, owner)
        if balance == 0:
            raise OperatorError(f"{owner} holds no ether, so it cannot pay for gas", todo="Send it some")
        return f"{owner} holds {balance} wei"

    async def executor(self) -> str:
        owner = keystore.address_in(self._directory.resolve(self._directory.settings.wallet.keystore))
        if recorded_executor(self._directory) is None:
            return "not deployed yet: tallyio deploy"
        return await find_executor(self._rpc, self._directory, owner)

    async def data(self) -> str:
        folder = self._directory.data_dir
        if standing := kill_switch.read(folder):
            raise OperatorError(f"stopped by {standing.who}: {standing.why}", todo="Lift it with `tallyio resume`")
        if not (folder / FILE_NAME).exists():
            return f"{folder}: new"
        with JournalReader.open(folder / FILE_NAME) as journal:
            if problems := journal.problems():
                raise OperatorError(f"{folder / FILE_NAME}: {problems[0]}", todo="Restore it from a backup")
            if (state := breaker_state(journal)).open:
                raise OperatorError(f"the breaker is open: {state.reason}", todo="Look into it, then tallyio resume")
        return f"{folder}: sound"

    async def mirror(self) -> str:
        mirror = await mirror_at_head(self._directory, self._rpc)
        differences = await mirror.verify()
        if differences:
            raise OperatorError(
                f"{len(differences)} differences at block {mirror.head.block.number}, the first: {differences[0]}",
                todo="Report it: the mirror and the chain must be equal",
            )
        refused = mirror.market.refused
        pool, reason = next(iter(refused.items()), ("", ""))
        left_out = f"{len(refused)} refused, the first {pool}: {reason}; " if refused else ""
        accounts = sum(len(m.state.accounts) for m in mirror.lending.values())
        return (
            f"{len(mirror.market.pools) - len(refused)} pools and {accounts} accounts equal the chain at block "
            f"{mirror.head.block.number}; {left_out}{mirror.skipped_logs} logs skipped"
        )
