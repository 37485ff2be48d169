"""Balancer v2 in a local EVM: the published vault and factories, open tokens, and rates that a test sets."""

import random
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest

from tallyio.core.chain import Log
from tallyio.core.units import Address, Hash32
from tallyio.devnet import abi
from tallyio.devnet.artifacts import Artifact
from tallyio.devnet.deploy.balancer import JOIN, balancer_artifact, factory
from tallyio.devnet.deploy.tokens import own_contracts

ME = "0x" + "11" * 20
ZERO = "0x" + "00" * 20
START = 1_767_225_600
ONE = 10**18
MUCH = 2**200
DECIMALS = (18, 18, 18, 18, 6, 6, 8, 0)
SWAP = "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"

WEIGHTED = "address[],uint256[],address[],uint256,address"
META = "address[],uint256,address[],uint256[],uint256,bool,address"
COMPOSABLE = "address[],uint256,address[],uint256[],bool[],uint256,address"


class RevertedError(RuntimeError):
    """The contract's reason, for example ``BAL#304``; empty where it gives none."""


class Drawn(NamedTuple):
    """A pool with liquidity: its id, its tokens in the vault's order, and the providers of its tokens' rates."""

    pool_id: bytes
    tokens: tuple[str, ...]
    providers: tuple[str, ...]

    @property
    def address(self) -> str:
        return "0x" + self.pool_id[:20].hex()


class RealBalancer:
    """``tokens`` and their ``decimals`` in the order of their addresses; whoever calls has plenty of all."""

    def __init__(self, factories: Sequence[str], *, cancun: bool = False) -> None:
        import pyrevm

        self.evm = pyrevm.EVM(spec_id="CANCUN") if cancun else pyrevm.EVM()
        self.caller, self.gas_used = ME, 0
        self.logs: list[Log] = []
        self.evm.set_balance(ME, 10**30)
        self.at(START)
        own = own_contracts()
        self._provider = own["RateProvider"]
        made = sorted((self.deploy(own["OpenToken"], "(string,uint8)", "T", d), d) for d in DECIMALS)
        self.tokens, self.decimals = [address for address, _ in made], dict(made)
        weth = self.tokens[0]  # only its address is kept
        self.authorizer = self.deploy(balancer_artifact("20210418-authorizer", "Authorizer"), "(address)", ME)
        vault = balancer_artifact("20210418-vault", "Vault")
        self.vault = self.deploy(
            vault, "(address,address,uint256,uint256)", self.authorizer, weth, 90 * 86400, 30 * 86400
        )
        provider = balancer_artifact("20220725-protocol-fee-percentages-provider", "ProtocolFeePercentagesProvider")
        self.fees = self.deploy(provider, "(address,uint256,uint256)", self.vault, ONE // 2, ONE // 2)
        queries = balancer_artifact("20220721-balancer-queries", "BalancerQueries")
        self.queries = self.deploy(queries, "(address)", self.vault)
        self.factories = {name: self._factory(name) for name in factories}
        for token in self.tokens:
            self.call(token, "mint(address,uint256)", ME, MUCH)
            self.call(token, "approve(address,uint256)", self.vault, 2**256 - 1)

    def _factory(self, name: str) -> str:
        arguments: dict[str, tuple[Any, ...]] = {
            "weighted_v2": ("(address,address)", self.vault, self.fees),
            "composable_v1": ("(address,address)", self.vault, self.fees),
            "linear_v3": (
                "(address,address,address,string,string,uint256,uint256)",
                *(self.vault, self.fees, self.queries, "", "", 90 * 86400, 30 * 86400),
            ),
        }
        if name in ("weighted_v3", "composable_v2", "composable_v3"):
            return self.deploy(factory(name), "(address,address,string,string)", self.vault, self.fees, "", "")
        return self.deploy(factory(name), *arguments.get(name, ("(address)", self.vault)))

    def at(self, timestamp: int) -> None:
        """The time of the calls that follow."""
        import pyrevm

        self.now = timestamp
        self.evm.set_block_env(pyrevm.BlockEnv(number=1, timestamp=timestamp, gas_limit=10**9))

    def deploy(self, artifact: Artifact, types: str = "", *arguments: Any) -> str:
        library = (
            balancer_artifact("deprecated/20210727-meta-stable-pool", "QueryProcessor") if artifact.links else None
        )
        linked = {library.name: Address(self.deploy(library))} if library else None
        code = artifact.code(linked, abi.pack(types, *arguments) if types else b"")
        made = str(self.evm.deploy(ME, code)).lower()
        self._hear()
        return made

    def rate_provider(self, rate: int) -> str:
        return self.deploy(self._provider, "(uint256)", rate)

    def create(self, name: str, signature: str, *arguments: Any) -> tuple[str, bytes]:
        """Address and id of a new pool of the factory ``name``; ``signature`` is of what follows name and symbol."""
        call = f"create(string,string,{signature})"
        (pool,) = self.call(self.factories[name], call, "P", "P", *arguments, returns="(address)")
        (pool_id,) = self.call(pool, "getPoolId()", returns="(bytes32)")
        return pool, pool_id

    def join(self, pool_id: bytes, tokens: Sequence[str], amounts: Sequence[int], kind: int = 0) -> None:
        """Kind 0 is a pool's first liquidity; kind 1 adds ``amounts``, without an entry for the pool's own shares."""
        limits = [2**255] * len(tokens)
        data = (
            abi.pack("(uint256,uint256[],uint256)", 1, list(amounts), 0)
            if kind
            else abi.pack("(uint256,uint256[])", 0, list(amounts))
        )
        self.call(self.vault, JOIN, pool_id, ME, ME, (list(tokens), limits, data, False))

    def swap(self, pool_id: bytes, token_in: str, token_out: str, amount: int, exact_out: bool) -> int:
        """The amount that the vault computes. Raises ``RevertedError``."""
        order = (pool_id, int(exact_out), token_in, token_out, amount, b"")
        limit = 2**255 if exact_out else 0
        (found,) = self.call(self.vault, SWAP, order, (ME, False, ME, False), limit, 2**255, returns="(uint256)")
        return int(found)

    def weighted(self, draw: random.Random, name: str) -> Drawn | None:
        """A weighted pool of the factory ``name`` with drawn tokens, weights, fee and liquidity, if it can be."""
        tokens = sorted(draw.sample(self.tokens, draw.randint(2, 4)))
        parts = [draw.choice((10, 20, 25, 40, 50, 80, draw.randint(1, 100))) for _ in tokens]
        weights = [max(part * ONE // sum(parts), ONE // 100) for part in parts]
        weights[weights.index(max(weights))] += ONE - sum(weights)
        fee = int(10 ** draw.uniform(12, 17))
        providers = () if name == "weighted_v1" else ([ZERO] * len(tokens),)
        kinds = "address[],uint256[],uint256,address" if name == "weighted_v1" else WEIGHTED
        _, pool_id = self.create(name, kinds, tokens, weights, *providers, fee, ME)
        return self._filled(pool_id, {}, lambda token: int(10 ** (draw.uniform(2, 9) + self.decimals[token])))

    def stable(self, draw: random.Random, name: str) -> Drawn | None:
        """A stable pool of the factory ``name`` with drawn tokens, rates, amplification, fee and liquidity."""
        most = 2 if name == "meta_stable" else 5 if name.startswith("stable") else 4
        tokens = sorted(draw.sample(self.tokens, draw.randint(2, most)))
        fee, amp = int(10 ** draw.uniform(12, 17)), draw.choice((1, 5, 100, 5000, draw.randint(1, 5000)))
        providers: dict[str, str] = {}
        if not name.startswith("stable"):
            rated = [token for token in tokens if draw.random() < 0.6]
            providers = {token: self.rate_provider(int(ONE * draw.uniform(0.5, 2))) for token in rated}
        given = [providers.get(token, ZERO) for token in tokens]
        durations = [draw.choice((0, 10, 3600)) for _ in tokens]
        exempt = [token in providers and draw.random() < 0.4 for token in tokens]
        if name.startswith("stable"):
            _, pool_id = self.create(name, "address[],uint256,uint256,address", tokens, amp, fee, ME)
        elif name == "meta_stable":
            _, pool_id = self.create(name, META, tokens, amp, given, durations, fee, False, ME)
        else:
            _, pool_id = self.create(name, COMPOSABLE, tokens, amp, given, durations, exempt, fee, ME)
        base = draw.uniform(2, 9)
        return self._filled(
            pool_id, providers, lambda token: int(10 ** (base + draw.uniform(-1, 1) + self.decimals[token]))
        )

    def _filled(self, pool_id: bytes, providers: dict[str, str], amount: Callable[[str], int]) -> Drawn | None:
        tokens, _ = self.balances(pool_id)
        amounts = [amount(token) if token in self.decimals else 2**111 for token in tokens]
        try:
            self.join(pool_id, tokens, amounts)
        except RevertedError:
            return None
        return Drawn(pool_id, tokens, tuple(providers.values()))

    def tax(self, swap_fee: int, yield_fee: int) -> None:
        """Sets what the protocol takes of fees and of yields in composable pools made from now on."""
        set_fee = "setFeeTypePercentage(uint256,uint256)"
        (collector,) = self.call(self.vault, "getProtocolFeesCollector()", returns="(address)")
        guarded = abi.call("setSwapFeePercentage(uint256)", 0)[:4]
        (action,) = self.call(collector, "getActionId(bytes4)", guarded, returns="(bytes32)")
        self.call(self.authorizer, "grantRole(bytes32,address)", action, self.fees)
        self.allow(self.fees, abi.call(set_fee, 0, 0)[:4])
        self.call(self.fees, set_fee, 0, swap_fee)
        self.call(self.fees, set_fee, 2, yield_fee)

    def answered(self, calls: Sequence[tuple[str, bytes]]) -> list[bytes | None]:
        """What view calls say, ``None`` where they revert."""
        answers: list[bytes | None] = []
        for to, data in calls:
            before = self.evm.snapshot()
            try:
                answers.append(bytes(self.evm.message_call(ME, to, calldata=data)))
            except RuntimeError:
                answers.append(None)
            self.evm.revert(before)
        return answers

    def balances(self, pool_id: bytes) -> tuple[tuple[str, ...], tuple[int, ...]]:
        tokens, amounts, _ = self.call(
            self.vault, "getPoolTokens(bytes32)", pool_id, returns="(address[],uint256[],uint256)"
        )
        return tokens, amounts

    def allow(self, contract: str, selector: bytes) -> None:
        """Lets the caller use a function that governance guards."""
        (action,) = self.call(contract, "getActionId(bytes4)", selector, returns="(bytes32)")
        self.call(self.authorizer, "grantRole(bytes32,address)", action, ME)

    def call(self, to: str, signature: str, *arguments: Any, returns: str = "") -> tuple[Any, ...]:
        return self.send(to, abi.call(signature, *arguments), returns)

    def send(self, to: str, data: bytes, returns: str = "", value: int = 0) -> tuple[Any, ...]:
        before = self.evm.snapshot()
        try:
            answer = self.evm.message_call(self.caller, to, calldata=data, value=value)
        except RuntimeError as e:
            self.evm.revert(before)
            raise RevertedError(_reason(str(e))) from None
        finally:
            self.evm.reset_transient_storage()
        self.evm.commit()
        self._hear()
        return abi.unpack(returns, bytes(answer)) if returns else ()

    def _hear(self) -> None:
        """What the last transaction cost and said."""
        self.gas_used = int(self.evm.result.gas_used)
        for entry in self.evm.result.logs:
            place = Address(entry.address.lower()), tuple(entry.topics), bytes(entry.data[1])
            self.logs.append(Log(*place, 1, Hash32("0x01"), Hash32("0x02"), 0, len(self.logs)))


def _reason(text: str) -> str:
    found = re.search(r"08c379a0[0-9a-f]{128}([0-9a-f]*)", text)
    return bytes.fromhex(found[1]).rstrip(b"\0").decode(errors="replace") if found else text


@pytest.fixture(scope="session")
def real_balancer() -> Callable[..., RealBalancer]:
    """Makes an EVM with the vault, the named factories and tokens, and no pool yet."""
    return RealBalancer
