"""``tallyio exposure``: what a pending swap of the user's own is open to."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from tallyio.app.chain_check import check_chain
from tallyio.app.follow import mirror_at_head
from tallyio.chains import transactions
from tallyio.chains.rpc import Rpc
from tallyio.chains.signed import decode_any
from tallyio.config.directory import ConfigDirectory
from tallyio.core.chain import NewBlock, PendingTransaction
from tallyio.core.errors import ChainDataError, OperatorError
from tallyio.engine.prover import next_block
from tallyio.execution.artifact import errors_of
from tallyio.market.view import MarketView
from tallyio.protocols.dex.intents import SwapIntent
from tallyio.reports.exposure import Exposure, exposures, require_local
from tallyio.reports.sandwich_bench import SandwichBench, sandwich_artifact
from tallyio.simulation.fork import Simulator


async def exposure(config: Path, transaction: str) -> dict[str, Any]:
    """``transaction``: its signed bytes in hex, or the hash of one that the node holds as pending.

    Raises ``RefusedError`` on a chain that is not local, ``OperatorError`` for what is no transaction, is mined, or
    cannot be told.
    """
    directory = ConfigDirectory.open(config)
    require_local(directory.chain.chain_id)
    async with Rpc(directory.chain.http_url) as rpc:
        await check_chain(rpc, directory.chain)
        pending = await _transaction(rpc, transaction)
        mirror = await mirror_at_head(directory, rpc)
    view = mirror.view()
    try:
        intents = mirror.market.registry.intents(pending)
        found = await asyncio.to_thread(_measured, directory, mirror.head, view, pending, intents)
    except ChainDataError as e:
        raise OperatorError(
            f"transaction {pending.hash}: {e.message}", todo="Give a swap that would succeed on the newest block"
        ) from e
    return {
        "transaction": pending.hash,
        "block": view.block.number,
        "swaps": [{**msgspec.structs.asdict(each), "exposed": each.exposed} for each in found],
    }


def _measured(
    directory: ConfigDirectory,
    head: NewBlock,
    view: MarketView,
    pending: PendingTransaction,
    intents: tuple[SwapIntent, ...],
) -> list[Exposure]:
    if not intents:
        return []
    env = next_block(head, view, directory.chain.chain_id)
    simulator = Simulator(directory.chain.http_url, errors=errors_of(sandwich_artifact()))
    try:
        return exposures(intents, view, SandwichBench(simulator.fork(head.block, env), pending, view))
    finally:
        simulator.close()


async def _transaction(rpc: Rpc, given: str) -> PendingTransaction:
    try:
        raw = bytes.fromhex(given.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) == 32:
        found = await rpc.call("eth_getTransactionByHash", ["0x" + raw.hex()])
        if found is None:
            raise OperatorError(f"the node knows no transaction 0x{raw.hex()}", todo="Give its signed bytes instead")
        if found.get("blockNumber"):
            raise OperatorError(f"transaction 0x{raw.hex()} is in block {int(found['blockNumber'], 16)} already")
        return transactions.pending(found)
    try:
        signed = decode_any(raw)
    except ChainDataError as e:
        raise OperatorError(
            f"expected a transaction's hash or its signed bytes in hex, found {len(raw)} bytes ({e.message})"
        ) from e
    return PendingTransaction(
        signed.hash,
        signed.sender,
        signed.to,
        signed.nonce,
        signed.value_wei,
        signed.gas_limit,
        signed.max_fee_wei,
        signed.priority_fee_wei,
        signed.data,
        raw,
    )
