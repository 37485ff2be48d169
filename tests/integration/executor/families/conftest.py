"""A town of families: a pair to buy on, pools and lenders of others to sell on."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from tallyio.core.pools import (
    BALANCER_V2,
    V4,
)
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import ETHER, ZERO_ADDRESS, Address, address
from tallyio.devnet import abi
from tallyio.devnet.artifacts import Artifact, from_package
from tallyio.devnet.deploy import balancer_v3, morpho
from tallyio.devnet.deploy.balancer import WEIGHTED, balancer_artifact, factory
from tallyio.execution.kinds import v4_pool_id

HUGE = 1 << 120
NATIVE = ZERO_ADDRESS


class Town:
    """A v2 pair of WETH and A, and a cheaper or dearer pool of another family beside it."""

    def __init__(self, lab: Any) -> None:
        self.lab, self.chain = lab, lab.chain
        self.weth, self.a = lab.weth, lab.tokens[0]
        self.pair = lab.v2_pair("uniswap", {self.weth: 100 * ETHER, self.a: 100 * ETHER})

    @staticmethod
    def step(
        pool: Address, family: str, token_in: Address, token_out: Address, paid: int, got: int = 1, detail: Any = ()
    ) -> SwapStep:
        return SwapStep(pool, family, token_in, token_out, paid, got, 0, detail=tuple(detail))

    def buy(self, amount_in: int = ETHER) -> SwapStep:
        """A for WETH, on the pair."""
        return self.lab.swap("uniswap", self.pair, self.weth, self.a, amount_in)  # type: ignore[no-any-return]

    def sell(self, amount_in: int) -> SwapStep:
        return self.lab.swap("uniswap", self.pair, self.a, self.weth, amount_in)  # type: ignore[no-any-return]

    def deploy(self, package: str, path: str, arguments: bytes = b"") -> Address:
        return Address(self.chain.create(from_package(package, path).code(arguments=arguments)))

    def tried(self, route: Route) -> int:
        """What ``route`` gains now; undone."""
        snapshot = self.chain.rpc.call("evm_snapshot")
        gained, _ = self.lab.executed(self.lab.execute(route))
        self.chain.rpc.call("evm_revert", snapshot)
        return int(gained)

    def exact(self, route: Route) -> None:
        """The last step is told what it really gives: that is gained to the wei, and one more is refused."""
        last = route.inner[-1]
        gained = self.tried(route)
        assert gained > 0
        told = replace(last, amount_out=gained + route.funding.amount_in)  # type: ignore[union-attr]
        route = replace(route, inner=(*route.inner[:-1], told))
        assert self.lab.execute(route, min_profit=gained + 1)["status"] == "0x0"
        assert self.lab.executed(self.lab.execute(route, min_profit=gained)) == (gained, 0)
        self.settled(route)

    def settled(self, route: Route) -> None:
        """Nothing is left behind: no token, no ether, no allowance."""
        for each in route.steps:
            assert isinstance(each, SwapStep)
            called = Address(f"0x{each.detail[0]:040x}") if each.family in (V4, BALANCER_V2) else each.pool
            if each.token_in != NATIVE:
                allowance = self.chain.ask(each.token_in, "allowance(address,address)", self.lab.executor, called)
                assert allowance == 0
            if each.token_in not in (self.weth, NATIVE):
                assert self.chain.balance(each.token_in, self.lab.executor) == 0
        assert self.chain.ether(self.lab.executor) == 0

    def given(self, route: Route) -> int:
        """What the funding really gives: the executor's own refusal says."""
        said = self.lab.refusal(replace(route, funding=replace(route.funding, amount_out=HUGE)))
        return int(re.search(r"found=(\d+)", said)[1])  # type: ignore[index]

    def opens(self, funding: SwapStep) -> None:
        """``funding`` buys A as a flash swap, and the pair buys it: straight from the pool, and by way of here."""
        draft = Route(funding=funding, inner=(self.sell(ETHER),))
        got = self.given(draft)
        for way in (self.sell(got), self.sell(got - 1)):
            route = Route(funding=replace(funding, amount_out=got), inner=(way,))
            gained = way.amount_out - funding.amount_in
            assert gained > 0
            assert self.tried(route) == gained

    def algebra(self, a_per_b: int, other: Address | None = None) -> Callable[..., SwapStep]:
        """A published Algebra pool of A and B, or of A and ``other``."""
        path = "artifacts/contracts/{0}.sol/{0}.json"
        deployer = self.deploy("algebra-v1-core", path.format("AlgebraPoolDeployer"))
        both = abi.pack("(address,address)", deployer, self.chain.stranger)
        made = self.deploy("algebra-v1-core", path.format("AlgebraFactory"), both)
        self.chain.do(deployer, abi.call("setFactory(address)", made))
        a, b = self.a, other or self.lab.tokens[1]
        self.chain.do(made, abi.call("createPool(address,address)", a, b))
        pool = address(self.chain.ask(made, "poolByPair(address,address)", a, b, returns="(address)"))
        tokens = sorted((a, b))
        root = int(2**96 * a_per_b**0.5)
        self.chain.do(pool, abi.call("initialize(uint160)", root if tokens[0] == b else 2**192 // root))
        minter = self.lab.create("Minter")
        self.lab.fund(b, minter, 400 * ETHER)
        order = (pool, tokens, [-887220, 887220], 300 * ETHER, True)
        self.chain.do(minter, abi.call("provide(address,address[2],int24[2],uint128,bool)", *order))
        return lambda token_in, token_out, paid, got=1: self.step(pool, "algebra", token_in, token_out, paid, got)

    def market(self, first: Address, second: Address, ether: int = 0) -> Address:
        """Gives two of the second for one of the first."""
        code = self.lab.contracts["Market"].code(
            arguments=abi.pack("(address,address,uint256)", first, second, 2 * ETHER)
        )
        made = self.chain.create(code)
        for token in (first, second):
            if token == NATIVE:
                self.chain.do(made, b"", value=ether)
            elif token in (self.weth, *self.lab.tokens):
                self.lab.fund(token, made, 100 * ETHER)
            else:  # staked ether
                self.chain.do(token, abi.call("submit(uint256)", 100 * ETHER))
                self.chain.do(token, abi.call("transfer(address,uint256)", made, 100 * ETHER))
        self.chain.do(made, abi.call("sync()"))
        return Address(made)


@pytest.fixture
def town(lab: Any) -> Town:
    return Town(lab)


class Manager:
    """Uniswap v4's published pool manager, with a pool of WETH and A and one of ether and A."""

    def __init__(self, town: Town) -> None:
        self.town = town
        out = "out/{0}.sol/{0}.json"
        owner = abi.pack("(address)", town.chain.owner)
        self.address = town.deploy("uniswap-v4-core", out.format("PoolManager"), owner)
        name = out.format("PoolModifyLiquidityTest")
        self.provider = town.deploy("uniswap-v4-core", name, abi.pack("(address)", self.address))
        for token in (town.weth, town.a):
            town.chain.do(token, abi.call("approve(address,uint256)", self.provider, 2**255))
        town.lab.fund(town.a, town.chain.owner, 10**6 * ETHER)

    def pool(self, other: Address, a_per_other: int) -> dict[str, Any]:
        """The receipt of its making."""
        key = (*sorted((other, self.town.a)), 3000, 60, ZERO_ADDRESS)
        low = (2**96) if a_per_other == 1 else int(2**96 * a_per_other**0.5)
        price = low if key[0] == other else 2**192 // low
        kind = "(address,address,uint24,int24,address)"
        receipt: dict[str, Any] = self.town.chain.do(self.address, abi.call(f"initialize({kind},uint160)", key, price))
        order = (key, (-887220, 887220, 300 * ETHER, b"\0" * 32), b"")
        call = abi.call(f"modifyLiquidity({kind},(int24,int24,int256,bytes32),bytes)", *order)
        self.town.chain.do(self.provider, call, value=1000 * ETHER if other == NATIVE else 0)
        return receipt

    def step(self, token_in: Address, token_out: Address, paid: int, got: int = 1) -> SwapStep:
        detail = (int(self.address, 16), 3000, 60, 0)
        return self.town.step(v4_pool_id(token_in, token_out, *detail[1:]), V4, token_in, token_out, paid, got, detail)


@pytest.fixture
def manager(town: Town) -> Manager:
    return Manager(town)


@pytest.fixture
def vault(town: Town) -> Callable[..., Any]:
    """Balancer v2's published vault and a weighted pool of WETH and A."""
    chain = town.chain
    owner = abi.pack("(address)", chain.owner)
    authorizer = chain.create(balancer_artifact("20210418-authorizer", "Authorizer").code(arguments=owner))
    order = abi.pack("(address,address,uint256,uint256)", authorizer, town.weth, 90 * 86_400, 30 * 86_400)
    made = Address(chain.create(balancer_artifact("20210418-vault", "Vault").code(arguments=order)))
    fees = balancer_artifact("20220725-protocol-fee-percentages-provider", "ProtocolFeePercentagesProvider")
    provider = chain.create(fees.code(arguments=abi.pack("(address,uint256,uint256)", made, ETHER // 2, ETHER // 2)))
    named = abi.pack("(address,address,string,string)", made, provider, "", "")
    pools = chain.create(factory("weighted_v3").code(arguments=named))

    def pool(reserves: dict[Address, int]) -> Callable[..., SwapStep]:
        tokens = sorted(reserves)
        half = [ETHER // 2] * 2
        data = abi.call(WEIGHTED, "P", "P", tokens, half, [ZERO_ADDRESS] * 2, 3 * 10**15, chain.owner)
        receipt = chain.do(pools, data)
        found = address(next(log["topics"][1] for log in receipt["logs"] if address(log["address"]) == pools)[-40:])
        pool_id = chain.ask(found, "getPoolId()", returns="(bytes32)")
        for token in tokens:
            if token != town.weth:
                town.lab.fund(token, chain.owner, reserves[token])
            chain.do(token, abi.call("approve(address,uint256)", made, reserves[token]))
        amounts = [reserves[token] for token in tokens]
        joined = (tokens, [2**255] * 2, abi.pack("(uint256,uint256[])", 0, amounts), False)
        signature = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
        chain.do(made, abi.call(signature, pool_id, chain.owner, chain.owner, joined))
        detail = (int(made, 16), int.from_bytes(pool_id))

        def make(token_in: Address, token_out: Address, paid: int, got: int = 1) -> SwapStep:
            return Town.step(found, BALANCER_V2, token_in, token_out, paid, got, detail)

        make.receipt = receipt  # type: ignore[attr-defined]
        return make

    pool.address = made  # type: ignore[attr-defined]
    return pool


def compiles(request: pytest.FixtureRequest) -> bool:
    """Whether what takes minutes to compile may be compiled now."""
    return "nightly" in (request.config.option.markexpr or "").replace("not nightly", "")


class BalancerV3Vault(NamedTuple):
    address: Address
    receipt: dict[str, Any]
    """Of the pool's registration."""


@pytest.fixture
def vault3(town: Town) -> BalancerV3Vault:
    """Balancer v3's published vault in its three parts, and a weighted pool of WETH and A."""
    chain, tokens = town.chain, sorted((town.weth, town.a))

    def create(code: Artifact, arguments: bytes) -> Address:
        return Address(chain.create(code.code(arguments=arguments)))

    trader = town.lab.create("BalancerV3Trader")
    nonce = int(chain.rpc.call("eth_getTransactionCount", chain.owner, "latest"), 16)
    vault, _ = balancer_v3.deploy_vault(create, chain.owner, nonce, trader)
    pool = balancer_v3.weighted_pool(create, vault, [ETHER // 2] * 2)
    configured = [(token, 0, ZERO_ADDRESS, False) for token in tokens]
    receipt = chain.do(vault, balancer_v3.registration(pool, configured, 3 * 10**15))
    for token in tokens:
        town.lab.fund(token, trader, 100 * ETHER)
    amounts = [100 * ETHER] * 2
    chain.do(trader, abi.call("fill(address,address,address[],uint256[])", vault, pool, tokens, amounts))
    return BalancerV3Vault(vault, receipt)


@pytest.fixture
def published_morpho(town: Town, request: pytest.FixtureRequest) -> Address:
    """Morpho, with 50 WETH that it lends."""
    if not morpho.is_compiled() and not compiles(request):
        pytest.skip("Morpho is not compiled yet: it takes half a minute, once, in `make nightly`")
    made = Address(town.chain.create(morpho.morpho_contract().code(arguments=abi.pack("(address)", town.chain.owner))))
    town.lab.fund(town.weth, made, 50 * ETHER)
    return made
