"""A chain, actors with real keys, hand-assembled contracts, and a builder with its relay in front."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from tallyio.core.units import Address, Hash32
from tallyio.devnet.accounts import Account, from_key, sign
from tallyio.devnet.anvil import CHAIN_ID, Anvil
from tallyio.devnet.builder import BlockBuilder, BlockReport, Server
from tallyio.execution.bundle import OwnTransaction, make_bundle
from tallyio.execution.identity import IdentityKey
from tallyio.execution.relays import FlashbotsRelay

PAYER = Address("0x" + "11" * 20)
"""Sends the call's value to the block's coinbase."""
REVERTER = Address("0x" + "22" * 20)
"""Reverts, always."""
GATE = Address("0x" + "33" * 20)
"""Without calldata it opens; with calldata it pays the value to the coinbase and closes, or reverts when closed."""
BURNER = Address("0x" + "44" * 20)
"""Uses up all gas it is given."""
DICE = Address("0x" + "55" * 20)
"""Pays the value to the coinbase where PREVRANDAO is what its slot 0 holds, else reverts."""
CODE = {
    PAYER: "5f5f5f5f34415af100",
    REVERTER: "5f5ffd",
    GATE: "3615601a575f54600d575f5ffd5b5f5f555f5f5f5f34415af1005b60015f5500",
    BURNER: "fe",
    DICE: "445f5414600a575f5ffd5b5f5f5f5f34415af100",
}
COINBASE = Address("0x" + "c0" * 20)
GWEI = 10**9
ETHER = 10**18


@dataclass
class Actor:
    account: Account
    nonce: int = 0

    def transact(
        self,
        to: Address,
        *,
        value: int = 0,
        tip: int = GWEI,
        gas: int = 100_000,
        data: bytes = b"",
        fee: int = 10**12,
        nonce: int | None = None,
    ) -> bytes:
        """The next transaction of this actor (or one with a nonce given), signed."""
        used = self.nonce if nonce is None else nonce
        if nonce is None:
            self.nonce += 1
        raw, _ = sign(
            self.account, CHAIN_ID, used, to, data, gas=gas, value_wei=value, priority_fee_wei=tip, max_fee_wei=fee
        )
        return raw


@dataclass
class Bench:
    anvil: Anvil
    builder: BlockBuilder
    server: Server
    session: aiohttp.ClientSession
    blocks: list[BlockReport]
    actors: list[Actor] = field(default_factory=list)

    def actor(self) -> Actor:
        actor = Actor(from_key((1000 + len(self.actors)).to_bytes(32)))
        self.anvil.rpc.call("anvil_setBalance", actor.account.address, hex(1000 * ETHER))
        self.actors.append(actor)
        return actor

    def relay(self, identity: int = 7) -> FlashbotsRelay:
        return FlashbotsRelay(self.server.url, IdentityKey(identity.to_bytes(32)), self.session, timeout_s=10)

    @property
    def head(self) -> int:
        return int(self.anvil.rpc.call("eth_blockNumber"), 16)

    def publish(self, raw: bytes) -> Hash32:
        return Hash32(self.anvil.rpc.call("eth_sendRawTransaction", "0x" + raw.hex()))

    async def send(self, *raws: bytes, identity: int = 7, uuid: str = "", target: int | None = None) -> str:
        """Send a bundle for the next block; returns its hash."""
        items = [OwnTransaction(raw, "test", 0) for raw in raws]
        bundle = make_bundle(target or self.head + 1, items, replacement_uuid=uuid)
        answer = await self.relay(identity).send_bundle(bundle)
        assert answer.status == "accepted", answer
        return answer.detail

    def in_block(self, number: int | str = "latest") -> list[str]:
        which = number if isinstance(number, str) else hex(number)
        return list(self.anvil.rpc.call("eth_getBlockByNumber", which, False)["transactions"])

    def balance(self, who: Address, number: int | str = "latest") -> int:
        which = number if isinstance(number, str) else hex(number)
        return int(self.anvil.rpc.call("eth_getBalance", who, which), 16)

    def load_dice(self) -> None:
        """From now on the dice pay in a simulation on this block's state, and revert in the block that is mined."""
        randao = self.anvil.rpc.call("eth_getBlockByNumber", "latest", False)["mixHash"]
        self.anvil.rpc.call("anvil_setStorageAt", DICE, "0x0", randao)

    async def ask(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with self.session.post(self.server.url, json=body) as response:
            return await response.json()


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with Anvil() as anvil:
        for where, code in CODE.items():
            anvil.rpc.call("anvil_setCode", where, "0x" + code)
        anvil.rpc.call("evm_mine")
        yield anvil


@pytest.fixture
async def make_bench(chain: Anvil) -> AsyncIterator[Callable[..., Any]]:
    """Starts benches with their own builder options; each test finds the chain as it was at the start."""
    snapshot = chain.rpc.call("evm_snapshot")
    started: list[Bench] = []

    async def start(**options: Any) -> Bench:
        blocks: list[BlockReport] = []
        builder = BlockBuilder(chain.rpc_url, coinbase=COINBASE, on_block=blocks.append, **options)
        bench = Bench(chain, builder, await builder.serve(), aiohttp.ClientSession(), blocks)
        started.append(bench)
        return bench

    yield start
    for bench in started:
        await bench.session.close()
        await bench.server.stop()
        await bench.builder.close()
    chain.rpc.call("anvil_dropAllTransactions")
    chain.rpc.call("evm_revert", snapshot)


@pytest.fixture
async def bench(make_bench: Callable[..., Any]) -> Bench:
    started: Bench = await make_bench()
    return started
