"""The actors' signatures and nonces, and the way into the public mempool."""

from collections.abc import Iterable

import msgspec
import structlog

from tallyio.chains.rpc import Rpc, RpcError
from tallyio.core.units import Address, Hash32
from tallyio.devnet import accounts
from tallyio.devnet.accounts import Account

log = structlog.get_logger()
GWEI = 10**9
BASE_FEE_HEADROOM = 4


class Intent(msgspec.Struct, frozen=True):
    """A transaction that an actor wants; consecutive intents of one actor are sent in their order."""

    signer: Account
    to: Address
    data: bytes
    label: str
    gas: int = 500_000
    value_wei: int = 0
    priority_fee_wei: int = GWEI
    legacy: bool = False


class Sent(msgspec.Struct, frozen=True):
    label: str
    sender: Address
    hash: Hash32


class Outbox:
    """Asks the node for each actor's next nonce before every round, so a reorg or a drop leaves no gap."""

    def __init__(self, rpc: Rpc, chain_id: int) -> None:
        self._rpc = rpc
        self._chain_id = chain_id

    async def send(self, intents: Iterable[Intent]) -> list[Sent]:
        """Sign and send; a transaction that the node refuses is logged and left out."""
        wanted = list(intents)
        signers = list(dict.fromkeys(intent.signer.address for intent in wanted))
        if not signers:
            return []
        answers = await self._rpc.batch(
            [
                ("eth_getBlockByNumber", ("latest", False)),
                *(("eth_getTransactionCount", (address, "pending")) for address in signers),
            ]
        )
        base_fee_wei = int(answers[0]["baseFeePerGas"], 16)
        nonces = {address: int(count, 16) for address, count in zip(signers, answers[1:], strict=True)}
        sent = []
        for intent in wanted:
            raw, tx_hash = self._sign(intent, nonces[intent.signer.address], base_fee_wei)
            try:
                await self._rpc.call("eth_sendRawTransaction", ("0x" + raw.hex(),))
            except RpcError as e:
                log.debug("devnet traffic refused", label=intent.label, sender=intent.signer.address, reason=str(e))
                continue
            nonces[intent.signer.address] += 1
            log.debug("devnet traffic sent", label=intent.label, sender=intent.signer.address, hash=tx_hash)
            sent.append(Sent(intent.label, intent.signer.address, tx_hash))
        return sent

    def _sign(self, intent: Intent, nonce: int, base_fee_wei: int) -> tuple[bytes, Hash32]:
        ceiling = BASE_FEE_HEADROOM * base_fee_wei + intent.priority_fee_wei
        if intent.legacy:
            gas_price_wei = base_fee_wei * 3 // 2 + intent.priority_fee_wei
            return accounts.sign_legacy(
                intent.signer, self._chain_id, nonce, intent.to, intent.data,
                gas=intent.gas, value_wei=intent.value_wei, gas_price_wei=gas_price_wei,
            )  # fmt: skip
        return accounts.sign(
            intent.signer, self._chain_id, nonce, intent.to, intent.data,
            gas=intent.gas, value_wei=intent.value_wei, priority_fee_wei=intent.priority_fee_wei, max_fee_wei=ceiling,
        )  # fmt: skip
