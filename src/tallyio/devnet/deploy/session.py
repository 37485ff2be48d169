"""Signed transactions in bulk: queued with predicted addresses, sent in batches, mined in a few large blocks."""

from collections.abc import Iterable

from tallyio.chains.addresses import created_by
from tallyio.core.errors import BugError
from tallyio.core.units import Address, Hash32
from tallyio.devnet import accounts
from tallyio.devnet.accounts import Account
from tallyio.devnet.anvil import GAS_LIMIT
from tallyio.devnet.artifacts import Artifact
from tallyio.devnet.node_rpc import NodeRpc

GENESIS_TIME = 1_767_225_600
BLOCK_TIME_S = 12
SETUP_GAS_LIMIT = 500_000_000
CALL_GAS = 3_000_000
CREATE_GAS = 16_000_000
FUNDS_WEI = 10**6 * 10**18


class Session:
    """Everything is queued until ``settle``, which mines it and checks that each transaction succeeded."""

    def __init__(self, rpc: NodeRpc, chain_id: int, deployer: Account) -> None:
        self.rpc = rpc
        self.chain_id = chain_id
        self.deployer = deployer
        self._nonces: dict[Address, int] = {}
        self._queue: list[tuple[bytes, Hash32, str]] = []
        self._time = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        rpc.call("evm_setBlockGasLimit", hex(SETUP_GAS_LIMIT))
        self.fund([deployer.address])

    @property
    def next_nonce(self) -> int:
        """Of the deployer's next transaction."""
        return self._nonces.get(self.deployer.address, 0)

    def fund(self, addresses: Iterable[Address], amount_wei: int = FUNDS_WEI) -> None:
        """Give ether, at once."""
        self.rpc.batch([("anvil_setBalance", (address, hex(amount_wei))) for address in addresses])

    def create(
        self, artifact: Artifact, arguments: bytes = b"", libraries: dict[str, Address] | None = None
    ) -> Address:
        """Queue a creation by the deployer; the answer is the address that the contract will have."""
        nonce = self.next_nonce
        self._add(self.deployer, None, artifact.code(libraries, arguments), CREATE_GAS, 0, f"create {artifact.name}")
        return created_by(self.deployer.address, nonce)

    def send(
        self, signer: Account, to: Address, data: bytes, label: str, *, gas: int = CALL_GAS, value_wei: int = 0
    ) -> None:
        """Queue a call."""
        self._add(signer, to, data, gas, value_wei, label)

    def settle(self) -> None:
        """Send and mine the queue. Raises ``BugError`` with the label of a transaction that failed."""
        queue, self._queue = self._queue, []
        for raw, _, _ in queue:  # one by one: the node may take the transactions of a batch in another order
            self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        while int(self.rpc.call("txpool_status")["pending"], 16):
            self.mine()
        receipts = self.rpc.batch([("eth_getTransactionReceipt", (tx_hash,)) for _, tx_hash, _ in queue])
        for (_, tx_hash, label), receipt in zip(queue, receipts, strict=True):
            if receipt is None or int(receipt["status"], 16) != 1:
                state = "reverted" if receipt else "was not mined"
                raise BugError(f"set-up of the devnet: '{label}' {state} ({tx_hash})")

    def mine(self) -> None:
        self._time += BLOCK_TIME_S
        self.rpc.call("evm_setNextBlockTimestamp", self._time)
        self.rpc.call("evm_mine")

    def finish(self, base_fee_wei: int) -> int:
        """Back to a normal gas limit and base fee; the number of the last block."""
        self.rpc.call("evm_setBlockGasLimit", hex(GAS_LIMIT))
        self.mine()
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(base_fee_wei))
        self.mine()
        return int(self.rpc.call("eth_blockNumber"), 16)

    def call(self, to: Address, data: bytes) -> bytes:
        """The answer of a contract at the latest block."""
        return bytes.fromhex(self.rpc.call("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:])

    def set_code(self, at: Address, runtime: str) -> Address:
        """Put a contract where it is on public chains."""
        self.rpc.call("anvil_setCode", at, "0x" + runtime)
        return at

    def _add(self, signer: Account, to: Address | None, data: bytes, gas: int, value_wei: int, label: str) -> None:
        nonce = self._nonces.get(signer.address, 0)
        self._nonces[signer.address] = nonce + 1
        raw, tx_hash = accounts.sign(signer, self.chain_id, nonce, to, data, gas=gas, value_wei=value_wei)
        self._queue.append((raw, tx_hash, label))
