"""A lending market of real contracts, and someone to act on it."""

from collections.abc import Sequence
from typing import Any

import pytest

from tallyio.core.chain import BlockRef, Log
from tallyio.core.units import Address, Hash32
from tallyio.devnet import abi
from tallyio.devnet.accounts import Account, sign
from tallyio.devnet.anvil import Anvil
from tallyio.devnet.world import World
from tallyio.protocols.lending.aave_v3.reader import Read

GAS = 3_000_000
PER_CALL = 400


class Market:
    """The market of ``world`` on ``anvil``: transactions by name, blocks with their logs, reads at a block."""

    def __init__(self, anvil: Anvil, world: World) -> None:
        self.rpc, self.world, self.aave = anvil.rpc, world, world.aave
        self.chain_id = anvil.chain_id
        self.pool = world.aave.pool
        self.assets: dict[str, Address] = {s: world.tokens[s].address for s in world.aave.reserves}
        self.borrowers = [world.account("borrower", i) for i in range(world.sizes.borrowers)]
        self.admin, self.reporter = world.account("deployer"), world.account("oracle")
        self.supplier = world.account("supplier")
        self._nonces: dict[Address, int] = {}

    def send(self, signer: Account, to: Address, signature: str, *arguments: Any, gas: int = GAS) -> Hash32:
        """Queues a transaction for the next block."""
        if signer.address not in self._nonces:
            self._nonces[signer.address] = int(self.rpc.call("eth_getTransactionCount", signer.address, "pending"), 16)
        nonce = self._nonces[signer.address]
        self._nonces[signer.address] += 1
        raw, tx_hash = sign(signer, self.chain_id, nonce, to, abi.call(signature, *arguments), gas=gas)
        self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        return tx_hash

    def mine(self, seconds: int = 12) -> BlockRef:
        self.rpc.call("evm_setNextBlockTimestamp", self.head.timestamp + seconds)
        self.rpc.call("evm_mine")
        return self.head

    @property
    def head(self) -> BlockRef:
        return self.block("latest")

    def block(self, tag: str | int) -> BlockRef:
        found = self.rpc.call("eth_getBlockByNumber", hex(tag) if isinstance(tag, int) else tag, False)
        return BlockRef(
            number=int(found["number"], 16),
            hash=found["hash"],
            parent_hash=found["parentHash"],
            timestamp=int(found["timestamp"], 16),
        )

    def logs(self, first: int, last: int) -> list[Log]:
        found = self.rpc.call("eth_getLogs", {"fromBlock": hex(first), "toBlock": hex(last)})
        return [
            Log(
                address=Address(entry["address"].lower()),
                topics=tuple(entry["topics"]),
                data=bytes.fromhex(entry["data"][2:]),
                block_number=int(entry["blockNumber"], 16),
                block_hash=entry["blockHash"],
                tx_hash=entry["transactionHash"],
                tx_index=int(entry["transactionIndex"], 16),
                log_index=int(entry["logIndex"], 16),
            )
            for entry in found
        ]

    def receipt(self, tx_hash: Hash32) -> dict[str, Any]:
        found: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", tx_hash)
        return found

    def succeeded(self, tx_hash: Hash32) -> bool:
        return int(self.receipt(tx_hash)["status"], 16) == 1

    @property
    def read(self) -> Read:
        async def read(calls: Sequence[tuple[Address, bytes]], block: int) -> list[tuple[bool, bytes]]:
            answers: list[tuple[bool, bytes]] = []
            for start in range(0, len(calls), PER_CALL):
                asked = [(to, True, data) for to, data in calls[start : start + PER_CALL]]
                data = "0x" + abi.call("aggregate3((address,bool,bytes)[])", asked).hex()
                call = {"to": self.world.multicall3, "data": data, "gas": hex(200_000_000)}
                answer = self.rpc.call("eth_call", call, hex(block))
                (found,) = abi.unpack("((bool,bytes)[])", bytes.fromhex(answer[2:]))
                answers += found
            return answers

        return read

    def set_price(self, symbol: str, price_e8: int) -> None:
        self.send(self.reporter, self.world.feeds[symbol].aggregator, "setAnswer(int256)", price_e8)

    def give(self, symbol: str, to: Account, amount: int) -> None:
        """Queues tokens for ``to`` and its approval of the market."""
        token = self.world.tokens[symbol]
        if symbol == "WETH":
            self.rpc.call("anvil_setBalance", to.address, hex(amount + 10**24))
            raw = abi.call("deposit()")
            nonce = int(self.rpc.call("eth_getTransactionCount", to.address, "pending"), 16)
            self._nonces[to.address] = max(nonce, self._nonces.get(to.address, 0)) + 1
            signed, _ = sign(
                to, self.chain_id, self._nonces[to.address] - 1, token.address, raw, gas=GAS, value_wei=amount
            )
            self.rpc.call("eth_sendRawTransaction", "0x" + signed.hex())
        else:
            self.send(to, token.address, "mint(address,uint256)", to.address, amount)
        self.send(to, token.address, "approve(address,uint256)", self.pool, 2**256 - 1)

    def snapshot(self) -> str:
        found: str = self.rpc.call("evm_snapshot")
        return found

    def revert(self, snapshot: str) -> None:
        self.rpc.call("anvil_dropAllTransactions")
        self.rpc.call("evm_revert", snapshot)
        self._nonces.clear()


@pytest.fixture
def market(scratch_chain: Any) -> Market:
    """The market of the devnet's world; what a test does to it is undone."""
    return Market(scratch_chain.anvil, scratch_chain.world)
