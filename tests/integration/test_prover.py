"""Proofs on a fork against what the node then mines, with a pending transaction of every type before ours."""

from typing import Any

import pytest
from eth_account import Account
from msgspec.structs import replace

from tallyio.chains.blocks import header
from tallyio.chains.fees import next_base_fee
from tallyio.chains.signed import hash_of
from tallyio.core.chain import NewBlock, PendingTransaction
from tallyio.core.executor_events import EXECUTED
from tallyio.core.trade import Opportunity, Proof, Route, SwapStep
from tallyio.core.units import ETHER, Address, address
from tallyio.engine.prover import ForkGround
from tallyio.market.market import Market
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.wallet.transaction import UnsignedTransaction

GWEI = 10**9
AT, REFUSING = Address("0x" + "c0" * 20), Address("0x" + "c1" * 20)
CODE = f"0x366008575a5f55005b5f545f527f{EXECUTED[2:]}60405fa100"
"""Stores the gas that is left when called without data; otherwise says in the executor's event what it stored."""

OWNER, OTHER = (Account.from_key(bytes([n]) * 32) for n in (1, 2))
TYPES: dict[int, dict[str, Any]] = {
    0: {"gasPrice": 5 * GWEI},
    1: {"gasPrice": 5 * GWEI, "accessList": [{"address": AT, "storageKeys": [f"{n:#066x}" for n in (0, 1)]}]},
    2: {"maxFeePerGas": 5 * GWEI, "maxPriorityFeePerGas": GWEI},
    4: {"maxFeePerGas": 5 * GWEI, "maxPriorityFeePerGas": GWEI},
}
TYPES[4]["authorizationList"] = [OTHER.sign_authorization({"chainId": 31337, "address": AT, "nonce": 1})]


class Bench:
    def __init__(self, rpc: Any, url: str) -> None:
        self.rpc, self.url = rpc, url
        for who in (OWNER, OTHER):
            rpc.call("anvil_setBalance", who.address, hex(ETHER))
        rpc.call("anvil_setCode", AT, CODE)
        rpc.call("anvil_setCode", REFUSING, "0x5f5ffd")
        rpc.call("evm_mine")
        self.head = header(rpc.call("eth_getBlockByNumber", "latest", False))

    def victim(self, kind: int, to: Address = AT) -> PendingTransaction:
        fields = {"to": bytes.fromhex(to[2:]), "nonce": 0, "gas": 200_000, "value": 0, "chainId": 31337, **TYPES[kind]}
        raw = bytes(OTHER.sign_transaction(fields | ({"type": kind} if kind else {})).raw_transaction)
        return PendingTransaction(hash_of(raw), address(OTHER.address), to, 0, 0, 200_000, 5 * GWEI, GWEI, b"", raw)

    async def prove(self, victim: PendingTransaction | None) -> Proof:
        head = self.head
        base_fee = next_base_fee(head.base_fee_wei, head.gas_used, head.gas_limit)
        market = Market(DexRegistry([]), AT)
        market.start(head.ref)
        view = market.view(next_base_fee_wei=base_fee, next_timestamp=head.ref.timestamp + 12)
        ground = ForkGround(self.url, 31337, address(OWNER.address))
        try:
            await ground.open(
                NewBlock(head.ref, head.base_fee_wei, head.gas_used, head.gas_limit, head.coinbase, ()), view
            )
            step = SwapStep(AT, "uniswap_v2", AT, REFUSING, 1, 2, 3000)
            found = Opportunity(
                "o", "backrun", head.ref, head.ref.number + 1, Route(step, (step,)), 5, 90_000, (AT,), victim=victim
            )
            return await ground.prove(found, UnsignedTransaction(31337, 0, GWEI, 5 * GWEI, 90_000, AT, 0, b"\1"))
        finally:
            ground.close()


@pytest.fixture
def bench(bare_anvil: Any, anvil_url: str) -> Bench:
    return Bench(bare_anvil.rpc, anvil_url)


@pytest.mark.parametrize("kind", [0, 1, 2])
async def test_what_is_gained_behind_a_pending_transaction_is_what_the_node_mines(bench: Bench, kind: int) -> None:
    victim = bench.victim(kind)
    proof = await bench.prove(victim)
    bench.rpc.call("eth_sendRawTransaction", "0x" + victim.raw.hex())
    bench.rpc.call("evm_mine")
    mined = int(bench.rpc.call("eth_getStorageAt", AT, "0x0", "latest"), 16)
    assert mined > 0
    assert (proof.success, proof.gross_wei, proof.predicted_gross_wei) == (True, mined, 5)
    assert proof.block == bench.head.ref


async def test_alone_there_is_nothing_to_gain(bench: Bench) -> None:
    proof = await bench.prove(None)
    assert (proof.success, proof.gross_wei) == (True, 0)


async def test_a_delegating_transaction_proves_nothing(bench: Bench) -> None:
    proof = await bench.prove(bench.victim(4))
    assert (proof.success, proof.gross_wei, proof.gas_used) == (False, 0, 0)
    assert proof.revert_reason == "expected a transaction of type 0 to 2, found type 4"


async def test_blobs_prove_nothing(bench: Bench) -> None:
    victim = bench.victim(2)
    assert (
        await bench.prove(replace(victim, raw=b"\3" + victim.raw[1:]))
    ).revert_reason == "expected a transaction of type 0 to 2, found type 3"


async def test_a_pending_transaction_that_reverts_proves_nothing(bench: Bench) -> None:
    proof = await bench.prove(bench.victim(2, REFUSING))
    assert not proof.success
    assert proof.revert_reason == "the transaction before it reverts: reverted without a reason"
