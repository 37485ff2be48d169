"""Putting the executor on the chain, and bringing its funds home."""

import asyncio
from pathlib import Path
from typing import Any

import structlog

from tallyio.app.chain_check import check_chain
from tallyio.app.executor import RecordedExecutor, find_executor, record_executor
from tallyio.app.searcher import MAX_FEE_WEI, ask_twice, unlock
from tallyio.chains import reads
from tallyio.chains.addresses import created_by
from tallyio.chains.fees import next_base_fee
from tallyio.chains.reads import Receipt
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import OperatorError, OutOfReachError, RefusedError
from tallyio.core.units import ZERO_ADDRESS, Address, Hash32, address
from tallyio.execution.deploy import creation_data
from tallyio.journal.log import FILE_NAME, Journal
from tallyio.wallet.policy import EMERGENCY_EXIT, DeploymentPolicy, ExecutorPolicy
from tallyio.wallet.signer import Signer
from tallyio.wallet.transaction import UnsignedTransaction

log = structlog.get_logger()

RECEIPT_TIMEOUT_S = 120.0
MAX_GAS = 8_000_000


async def deploy_executor(config: Path, *, live: bool, operator: str = "") -> dict[str, Any]:
    """Deploy and record the executor; without ``live`` say what would be done and what it would cost.

    ``operator`` may run routes beside the wallet, which owns the executor; empty for no other.
    """
    directory = ConfigDirectory.open(config)
    chain = directory.chain
    live = ask_twice(directory, live)
    data = creation_data(chain.weth, _address(operator) if operator else ZERO_ADDRESS)
    async with Rpc(chain.http_url) as rpc:
        await check_chain(rpc, chain)
        policy = DeploymentPolicy(chain.chain_id, data, MAX_FEE_WEI, MAX_GAS)
        signer = unlock(directory).with_policy(policy)
        nonce = await reads.nonce(rpc, signer.address, "pending")
        predicted = created_by(signer.address, nonce)
        if not live:
            return {"deployed": False, "would_be": predicted, "owner": signer.address, "mode": "shadow"}
        with Journal.open(directory.data_dir / FILE_NAME):  # no searcher may use this account meanwhile
            receipt = await _send(rpc, signer, chain.chain_id, nonce, None, data)
        if receipt.created is None:
            raise OutOfReachError(f"transaction {receipt.tx_hash} created no contract", todo="Look it up and try again")
        record_executor(directory.data_dir, RecordedExecutor(chain.chain_id, receipt.created, signer.address))
        await find_executor(rpc, directory, signer.address)
        return {
            "deployed": True,
            "executor": receipt.created,
            "owner": signer.address,
            "block": receipt.block_number,
            "gas_used": receipt.gas_used,
            "transaction": receipt.tx_hash,
        }


async def withdraw_all(config: Path, *, live: bool) -> dict[str, Any]:
    """Call the executor's emergency exit for every token that the ledger follows."""
    directory = ConfigDirectory.open(config)
    chain = directory.chain
    live = ask_twice(directory, live)
    async with Rpc(chain.http_url) as rpc:
        await check_chain(rpc, chain)
        signer = unlock(directory)
        executor = await find_executor(rpc, directory, signer.address, owned=True)
        signer = signer.with_policy(ExecutorPolicy(chain.chain_id, executor, MAX_FEE_WEI, MAX_GAS))
        tokens = [chain.weth, *(token for token in chain.tokens if token != chain.weth)]
        if not live:
            return {"withdrawn": False, "executor": executor, "tokens": tokens, "mode": "shadow"}
        nonce = await reads.nonce(rpc, signer.address, "pending")
        with Journal.open(directory.data_dir / FILE_NAME):  # a running searcher would use the same nonces
            receipt = await _send(rpc, signer, chain.chain_id, nonce, executor, _emergency_exit(tokens))
        return {"withdrawn": True, "executor": executor, "block": receipt.block_number, "transaction": receipt.tx_hash}


def _address(text: str) -> Address:
    try:
        return address(text)
    except ValueError as e:
        raise OperatorError(f"the operator is {text!r}, expected an address", todo="Give 0x and 40 digits") from e


def _emergency_exit(tokens: list[Address]) -> bytes:
    words = [0x20, len(tokens), *(int(token, 16) for token in tokens)]
    return EMERGENCY_EXIT + b"".join(word.to_bytes(32) for word in words)


async def _send(rpc: Rpc, signer: Signer, chain_id: int, nonce: int, to: Address | None, data: bytes) -> Receipt:
    head = await reads.get_block(rpc)
    assert head is not None  # noqa: S101 - a chain has a latest block
    base_fee = next_base_fee(head.base_fee_wei, head.gas_used, head.gas_limit)
    tip = 10**9
    signed = signer.sign(
        UnsignedTransaction(
            chain_id=chain_id,
            nonce=nonce,
            priority_fee_wei=tip,
            max_fee_wei=2 * base_fee + tip,
            gas_limit=MAX_GAS,
            to=to,
            value_wei=0,
            data=data,
        )
    )
    await rpc.call("eth_sendRawTransaction", ["0x" + signed.raw.hex()])
    receipt = await _receipt(rpc, signed.hash)
    if not receipt.success:
        raise RefusedError(f"transaction {signed.hash} reverted", todo="Look into it with a tracing node")
    return receipt


async def _receipt(rpc: Rpc, tx_hash: Hash32) -> Receipt:
    try:
        async with asyncio.timeout(RECEIPT_TIMEOUT_S):
            while True:
                receipt = await reads.get_receipt(rpc, tx_hash)
                if receipt:
                    return receipt
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise OutOfReachError(
            f"transaction {tx_hash} is in no block after {RECEIPT_TIMEOUT_S:.0f} s", todo="See whether it lands later"
        ) from None
