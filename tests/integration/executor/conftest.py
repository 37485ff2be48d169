"""A small market of real Uniswap v2 and v3 and PancakeSwap v2 contracts, made to measure, and an executor on it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tallyio.core.executor_events import EXECUTED
from tallyio.core.pools import V2, V3
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import Address, address
from tallyio.devnet import abi
from tallyio.devnet.anvil import Anvil
from tallyio.devnet.artifacts import Artifact, from_package, from_source
from tallyio.devnet.deploy.pancake import pancake_contracts
from tallyio.devnet.node_rpc import NodeRpc, RpcRefusedError
from tallyio.devnet.solidity import gather, standard_input
from tallyio.execution.artifact import executor_errors
from tallyio.execution.deploy import creation_data
from tallyio.execution.plan import execute_calldata
from tallyio.simulation.revert import Errors
from tallyio.strategies.base import GasModel

ROOT = Path(__file__).resolve().parents[3]
PROPOSER = Address("0x" + "c0" * 20)
DEVNET_CONTRACTS = "OpenToken", "FeeToken", "SilentToken", "BalancerV3Trader"
V3_PACKAGE = "artifacts/contracts"
FEE_BPS = {"uniswap": 30, "pancake": 25}
BID_GAS = 16_500


class Chain:
    """Blocking calls and transactions from anvil's unlocked accounts; every transaction gets a block of its own."""

    def __init__(self, rpc: NodeRpc) -> None:
        self.rpc = rpc
        self.accounts = [address(a) for a in rpc.call("eth_accounts")]
        self.owner, self.stranger = self.accounts[:2]

    def send(self, to: Address | None, data: bytes, *, sender: Address | None = None, value: int = 0) -> dict[str, Any]:
        """The receipt, whatever its status."""
        call = {"from": sender or self.owner, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(25_000_000)}
        tx_hash = self.rpc.call("eth_sendTransaction", {**call, **({"to": to} if to else {})})
        self._mine()
        receipt: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", tx_hash)
        return receipt

    def _mine(self) -> None:
        """A block twelve seconds after the one before: what pools write on a new second then always costs the same."""
        latest = self.rpc.call("eth_getBlockByNumber", "latest", False)
        self.rpc.call("evm_setNextBlockTimestamp", int(latest["timestamp"], 16) + 12)
        self.rpc.call("evm_mine")

    def do(self, to: Address | None, data: bytes, *, sender: Address | None = None, value: int = 0) -> dict[str, Any]:
        """The receipt of a transaction that must succeed."""
        receipt = self.send(to, data, sender=sender, value=value)
        assert receipt["status"] == "0x1", self.refusal(to, data, sender=sender, value=value)
        return receipt

    def create(self, code: bytes, *, sender: Address | None = None) -> Address:
        return address(self.do(None, code, sender=sender)["contractAddress"])

    def ask(self, to: Address, signature: str, *args: Any, returns: str = "(uint256)") -> Any:
        """The values that a view answers; the value itself when there is one."""
        data = "0x" + abi.call(signature, *args).hex()
        answer = bytes.fromhex(self.rpc.call("eth_call", {"to": to, "data": data}, "latest")[2:])
        found = abi.unpack(returns, answer)
        return found[0] if len(found) == 1 else found

    def answer(self, to: Address, data: bytes) -> bytes | None:
        """What a view answers, ``None`` where it reverts."""
        try:
            return bytes.fromhex(self.rpc.call("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:])
        except RpcRefusedError:
            return None

    def refusal(self, to: Address | None, data: bytes, *, sender: Address | None = None, value: int = 0) -> str:
        """Why this call reverts, in words; the call must revert."""
        call = {"from": sender or self.owner, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(25_000_000)}
        try:
            self.rpc.call("eth_call", {**call, **({"to": to} if to else {})}, "latest")
        except RpcRefusedError as e:
            raw = e.message.rsplit(" ", 1)[-1]
            return Errors(executor_errors()).explain(bytes.fromhex(raw[2:])) if raw.startswith("0x") else e.message
        raise AssertionError("the call did not revert")

    def balance(self, token: Address, holder: Address) -> int:
        return int(self.ask(token, "balanceOf(address)", holder))

    def ether(self, holder: Address) -> int:
        return int(self.rpc.call("eth_getBalance", holder, "latest"), 16)


class Lab:
    """Factories, tokens and an executor; pools are added by tests. ``weth`` where the chain has one already."""

    def __init__(self, chain: Chain, contracts: dict[str, Artifact], weth: Address | None = None) -> None:
        self.chain, self.contracts = chain, contracts
        owner = abi.pack("(address)", chain.owner)
        uniswap_v2, uniswap_v3 = "uniswap-v2-core", "uniswap-v3-core"
        self.weth = weth or self._published("uniswap-v2-periphery", "build/WETH9.json")
        self.factories = {
            "uniswap": self._published(uniswap_v2, "build/UniswapV2Factory.json", owner),
            "pancake": chain.create(pancake_contracts()["PancakeFactory"].code(arguments=owner)),
            "v3": self._published(uniswap_v3, f"{V3_PACKAGE}/UniswapV3Factory.sol/UniswapV3Factory.json"),
        }
        both = abi.pack("(address,address)", self.factories["v3"], self.weth)
        manager = f"{V3_PACKAGE}/NonfungiblePositionManager.sol/NonfungiblePositionManager.json"
        self.manager = self._published(
            "uniswap-v3-periphery",
            manager,
            abi.pack("(address,address,address)", self.factories["v3"], self.weth, self.weth),
        )
        self.quoter = self._published("uniswap-router02", f"{V3_PACKAGE}/lens/QuoterV2.sol/QuoterV2.json", both)
        self.router = self._published(
            "uniswap-v2-periphery",
            "build/UniswapV2Router02.json",
            abi.pack("(address,address)", self.factories["uniswap"], self.weth),
        )
        chain.do(self.weth, abi.call("deposit()"), value=5_000 * 10**18)
        self.tokens = [self.create("OpenToken", abi.pack("(string,uint8)", f"T{i}", 18)) for i in range(3)]
        self.executor = chain.create(creation_data(self.weth))
        chain.rpc.call("anvil_setCoinbase", PROPOSER)

    def _published(self, package: str, path: str, arguments: bytes = b"") -> Address:
        return self.chain.create(from_package(package, path).code(arguments=arguments))

    def create(self, name: str, arguments: bytes = b"", *, sender: Address | None = None) -> Address:
        """One of the contracts in contracts/test or of the devnet's tokens."""
        return self.chain.create(self.contracts[name].code(arguments=arguments), sender=sender)

    def fund(self, token: Address, to: Address, amount: int) -> None:
        """Tokens are minted; WETH comes from the owner's own."""
        if token == self.weth:
            self.chain.do(token, abi.call("transfer(address,uint256)", to, amount))
        else:
            self.chain.do(token, abi.call("mint(address,uint256)", to, amount))

    def v2_pair(self, dex: str, reserves: dict[Address, int]) -> Address:
        tokens = tuple(reserves)
        self.chain.do(self.factories[dex], abi.call("createPair(address,address)", *tokens))
        pair = address(self.chain.ask(self.factories[dex], "getPair(address,address)", *tokens, returns="(address)"))
        for token, amount in reserves.items():
            self.fund(token, pair, amount)
        self.chain.do(pair, abi.call("mint(address)", self.chain.owner))
        return pair

    def v3_pool(self, amounts: dict[Address, int], fee: int = 3000) -> Address:
        """A pool at the price of ``amounts`` with one wide position that holds about that much."""
        token0, token1 = sorted(amounts)
        price = _sqrt_x96(amounts[token0], amounts[token1])
        create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
        self.chain.do(self.manager, abi.call(create, token0, token1, fee, price))
        for token in (token0, token1):
            if token != self.weth:
                self.fund(token, self.chain.owner, amounts[token])
            self.chain.do(token, abi.call("approve(address,uint256)", self.manager, amounts[token]))
        mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        edge = 887220 // {500: 10, 3000: 60, 10000: 200}[fee] * {500: 10, 3000: 60, 10000: 200}[fee]
        wanted = (amounts[token0], amounts[token1], 0, 0, self.chain.owner, 2**40)
        self.chain.do(self.manager, abi.call(mint, (token0, token1, fee, -edge, edge, *wanted)))
        found = self.chain.ask(
            self.factories["v3"], "getPool(address,address,uint24)", token0, token1, fee, returns="(address)"
        )
        return address(found)

    def pool(self, kind: str, reserves: dict[Address, int]) -> Address:
        return self.v3_pool(reserves) if kind == "v3" else self.v2_pair(kind, reserves)

    def swap(self, kind: str, pool: Address, token_in: Address, token_out: Address, amount_in: int) -> SwapStep:
        """A step with the exact output that the protocol's own quoter gives for the present state."""
        if kind == "v3":
            quote = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
            fee = self.chain.ask(pool, "fee()")
            returns = "(uint256,uint160,uint32,uint256)"
            arguments = (token_in, token_out, amount_in, fee, 0)
            amount_out = self.chain.ask(self.quoter, quote, arguments, returns=returns)[0]
        else:
            reserves = self.chain.ask(pool, "getReserves()", returns="(uint112,uint112,uint32)")
            here, there = reserves[:2] if token_in < token_out else reserves[1::-1]
            if kind == "uniswap":
                quote = "getAmountOut(uint256,uint256,uint256)"
                amount_out = self.chain.ask(self.router, quote, amount_in, here, there)
            else:
                paid = amount_in * (10_000 - FEE_BPS[kind])
                amount_out = paid * there // (here * 10_000 + paid)
        return SwapStep(
            pool=pool,
            family=V3 if kind == "v3" else V2,
            token_in=token_in,
            token_out=token_out,
            amount_in=amount_in,
            amount_out=amount_out,
            fee_pips=0,
        )

    def chained(self, hops: list[tuple[str, Address]], tokens: list[Address], amount_in: int) -> tuple[SwapStep, ...]:
        """Steps along ``tokens`` through ``hops`` (kind, pool), each trading what the one before gives."""
        steps: list[SwapStep] = []
        for (kind, pool), token_in, token_out in zip(hops, tokens[:-1], tokens[1:], strict=True):
            steps.append(self.swap(kind, pool, token_in, token_out, amount_in))
            amount_in = steps[-1].amount_out
        return tuple(steps)

    def execute(self, route: Route, min_profit: int = 0, bid: int = 0) -> dict[str, Any]:
        return self.chain.send(self.executor, execute_calldata(route, min_profit, bid, weth=self.weth))

    def refusal(self, route: Route, min_profit: int = 0, bid: int = 0, *, sender: Address | None = None) -> str:
        return self.chain.refusal(
            self.executor, execute_calldata(route, min_profit, bid, weth=self.weth), sender=sender
        )

    def executed(self, receipt: dict[str, Any]) -> tuple[int, int]:
        """Gained and bid as the event says. The transaction must have succeeded and said so once."""
        assert receipt["status"] == "0x1"
        (log,) = [entry for entry in receipt["logs"] if entry["topics"] == [EXECUTED]]
        assert address(log["address"]) == self.executor
        gained, bid = abi.unpack("(uint256,uint256)", bytes.fromhex(log["data"][2:]))
        return gained, bid


def _sqrt_x96(amount0: int, amount1: int) -> int:
    from math import isqrt

    return isqrt((amount1 << 192) // amount0)


@pytest.fixture
def tabled_gas() -> Callable[[str, int], None]:
    """Compares what something cost with the table in contracts/gas.json."""

    def check(name: str, found: int) -> None:
        file = ROOT / "contracts" / "gas.json"
        table = msgspec.json.decode(file.read_bytes(), type=dict[str, int])
        if os.environ.get("TALLYIO_WRITE_GAS"):
            table[name] = found
            file.write_bytes(msgspec.json.format(msgspec.json.encode(table, order="sorted"), indent=1) + b"\n")
        assert table.get(name) == pytest.approx(found, rel=0.01), "run these tests with TALLYIO_WRITE_GAS=1 if meant"

    return check


@pytest.fixture
def check_gas(tabled_gas: Callable[[str, int], None]) -> Callable[[str, Route, dict[str, Any]], None]:
    """The same for a route, and compares the estimate that ranks routes."""

    def check(name: str, route: Route, receipt: dict[str, Any]) -> None:
        found = int(receipt["gasUsed"], 16)
        tabled_gas(name, found)
        assert GasModel().route(route) == pytest.approx(found + BID_GAS, rel=0.15)

    return check


@pytest.fixture(scope="session")
def test_contracts() -> dict[str, Artifact]:
    """The Solidity helpers of contracts/test and the devnet's tokens, compiled."""
    folder = ROOT / "contracts" / "test"
    tokens = ROOT / "src" / "tallyio" / "devnet" / "contracts"
    roots = {f"test/{f.name}": f for f in sorted(folder.glob("*.sol"))}
    roots |= {f"tokens/{name}.sol": tokens / f"{name}.sol" for name in DEVNET_CONTRACTS}
    return from_source("0.8.30", standard_input(gather(roots), evm_version="cancun", viaIR=True))


@pytest.fixture(scope="session")
def lab_class() -> type[Lab]:
    return Lab


@pytest.fixture(scope="session")
def chain_class() -> type[Chain]:
    return Chain


@pytest.fixture(scope="session")
def lab_on_anvil(test_contracts: dict[str, Artifact]) -> Iterator[Lab]:
    with Anvil() as anvil:
        yield Lab(Chain(anvil.rpc), test_contracts)


@pytest.fixture
def lab(lab_on_anvil: Lab) -> Iterator[Lab]:
    """The market as it was made; whatever a test does to it is undone."""
    rpc = lab_on_anvil.chain.rpc
    snapshot = rpc.call("evm_snapshot")
    yield lab_on_anvil
    rpc.call("evm_revert", snapshot)


@pytest.fixture
def state_of(lab: Lab) -> Callable[..., dict[str, int]]:
    """Every balance that a failed trade could have moved."""

    def read(*pools: Address) -> dict[str, int]:
        tokens = [lab.weth, *lab.tokens]
        holders = [lab.executor, PROPOSER, *pools]
        found = {f"{t} of {h}": lab.chain.balance(t, h) for t in tokens for h in holders}
        return found | {f"ether of {h}": lab.chain.ether(h) for h in (lab.executor,)}

    return read
