"""Balancer v2 from its published builds: vault, factories and the contracts that they ask, and the world's pools.

The vault lends all that it holds as well, without a fee.
"""

from collections.abc import Mapping

import msgspec

from tallyio.chains.addresses import created_by
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.accounts import Account
from tallyio.devnet.artifacts import Artifact, from_package
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.deploy.tokens import approve, own_contracts
from tallyio.devnet.world import BalancerPool, BalancerVault, Token

FACTORIES = {
    "weighted_v1": ("deprecated/20210418-weighted-pool", "WeightedPoolFactory"),
    "weighted_v2": ("20220908-weighted-pool-v2", "WeightedPoolFactory"),
    "weighted_v3": ("20230206-weighted-pool-v3", "WeightedPoolFactory"),
    "stable_v1": ("deprecated/20210624-stable-pool", "StablePoolFactory"),
    "stable_v2": ("20220609-stable-pool-v2", "StablePoolFactory"),
    "meta_stable": ("deprecated/20210727-meta-stable-pool", "MetaStablePoolFactory"),
    "composable_v1": ("deprecated/20220906-composable-stable-pool", "ComposableStablePoolFactory"),
    "composable_v2": ("20221122-composable-stable-pool-v2", "ComposableStablePoolFactory"),
    "composable_v3": ("20230206-composable-stable-pool-v3", "ComposableStablePoolFactory"),
    "linear_v2": ("20220404-erc4626-linear-pool-v2", "ERC4626LinearPoolFactory"),
    "linear_v3": ("20230206-erc4626-linear-pool-v3", "ERC4626LinearPoolFactory"),
}
"""Every generation of pool factories in the package, by the name that we use: its folder and contract."""
JOIN = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
SWAP = "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"
WEIGHTED = "create(string,string,address[],uint256[],address[],uint256,address)"
COMPOSABLE = "create(string,string,address[],uint256,address[],uint256[],bool[],uint256,address)"
NO_PROVIDER = Address("0x" + "00" * 20)
PREMINTED_SHARES = 2**111
ONE = 10**18
_DAY = 86_400
_POOL_GAS = 12_000_000
_FIRST_POOL_NONCE = 3
"""A factory keeps its pools' code in two contracts that it makes before them."""


class Plan(msgspec.Struct, frozen=True):
    """``weights`` in percent make a weighted pool, ``amp`` a stable one; ``depth_usd`` is the value of each percent's
    hundredfold. ``rated`` tokens count by their first price in the others."""

    symbols: tuple[str, ...]
    fee: int
    depth_usd: int
    weights: tuple[int, ...] = ()
    amp: int = 0
    rated: str = ""


PLANS = (
    Plan(("WETH", "LINK"), 3 * ONE // 1000, 6_000_000, weights=(20, 80)),
    Plan(("WETH", "WBTC", "USDC"), ONE // 1000, 9_000_000, weights=(50, 25, 25)),
    Plan(("USDC", "USDT", "DAI"), 4 * ONE // 10_000, 12_000_000, amp=200),
    Plan(("WETH", "STETH"), 4 * ONE // 10_000, 8_000_000, amp=50, rated="STETH"),
)


def balancer_artifact(task: str, name: str) -> Artifact:
    """A published build; ``task`` is its folder in the package."""
    return from_package("balancer-v2", f"dist/tasks/{task}/artifact/{name}.json")


def factory(name: str) -> Artifact:
    """One of ``FACTORIES``."""
    return balancer_artifact(*FACTORIES[name])


def deploy_balancer(session: Session, tokens: Mapping[str, Token], provider: Account) -> BalancerVault:
    """The vault and ``PLANS``, filled by ``provider``, who has the tokens already."""
    owner, weth = session.deployer.address, tokens["WETH"].address
    authorizer = session.create(balancer_artifact("20210418-authorizer", "Authorizer"), abi.pack("(address)", owner))
    vault = session.create(
        balancer_artifact("20210418-vault", "Vault"),
        abi.pack("(address,address,uint256,uint256)", authorizer, weth, 90 * _DAY, 30 * _DAY),
    )
    fees = session.create(
        balancer_artifact("20220725-protocol-fee-percentages-provider", "ProtocolFeePercentagesProvider"),
        abi.pack("(address,uint256,uint256)", vault, ONE // 2, ONE // 2),
    )
    queries = session.create(
        balancer_artifact("20220721-balancer-queries", "BalancerQueries"), abi.pack("(address)", vault)
    )
    named = abi.pack("(address,address,string,string)", vault, fees, "", "")
    factories = {kind: session.create(factory(kind), named) for kind in ("weighted_v3", "composable_v3")}
    for token in {symbol for plan in PLANS for symbol in plan.symbols}:
        approve(session, tokens[token], provider, vault)
    addresses = [_create(session, tokens, factories, plan, number) for number, plan in enumerate(PLANS)]
    session.settle()
    pools = tuple(_fill(session, tokens, vault, provider, *made) for made in zip(PLANS, addresses, strict=True))
    return BalancerVault(vault, queries, tuple(factories.values()), pools)


def _create(
    session: Session, tokens: Mapping[str, Token], factories: Mapping[str, Address], plan: Plan, number: int
) -> Address:
    """Queues the creation; the answer is the pool's address."""
    kind = "weighted_v3" if plan.weights else "composable_v3"
    before = sum(bool(earlier.weights) == bool(plan.weights) for earlier in PLANS[:number])
    ends = sorted(plan.symbols, key=lambda symbol: tokens[symbol].address)
    addresses = [tokens[symbol].address for symbol in ends]
    providers = [_rate_provider(session, tokens, plan) if s == plan.rated else NO_PROVIDER for s in ends]
    name, owner = "-".join(ends), session.deployer.address
    if plan.weights:
        share = dict(zip(plan.symbols, plan.weights, strict=True))
        weights = [share[symbol] * ONE // 100 for symbol in ends]
        data = abi.call(WEIGHTED, name, name, addresses, weights, providers, plan.fee, owner)
    else:
        n = len(ends)
        rest = ([_DAY // 24] * n, [False] * n, plan.fee, owner)
        data = abi.call(COMPOSABLE, name, name, addresses, plan.amp, providers, *rest)
    session.send(session.deployer, factories[kind], data, f"create the Balancer pool {name}", gas=_POOL_GAS)
    return created_by(factories[kind], _FIRST_POOL_NONCE + before)


def _rate_provider(session: Session, tokens: Mapping[str, Token], plan: Plan) -> Address:
    base = next(symbol for symbol in plan.symbols if symbol != plan.rated)
    rate = tokens[plan.rated].price_e8 * ONE // tokens[base].price_e8
    return session.create(own_contracts()["RateProvider"], abi.pack("(uint256)", rate))


def _fill(
    session: Session, tokens: Mapping[str, Token], vault: Address, provider: Account, plan: Plan, pool: Address
) -> BalancerPool:
    (pool_id,) = abi.unpack("(bytes32)", session.call(pool, abi.call("getPoolId()")))
    found = abi.unpack(
        "(address[],uint256[],uint256)", session.call(vault, abi.call("getPoolTokens(bytes32)", pool_id))
    )
    by_address = {tokens[symbol].address: tokens[symbol] for symbol in plan.symbols}
    share = dict(zip(plan.symbols, plan.weights or (100 // len(plan.symbols),) * len(plan.symbols), strict=True))
    amounts = [
        by_address[token].amount(plan.depth_usd * USD * share[by_address[token].symbol] // 100)
        if token in by_address
        else PREMINTED_SHARES
        for token in found[0]
    ]
    first = abi.pack("(uint256,uint256[])", 0, amounts)
    join = (list(found[0]), [2**255] * len(amounts), first, False)
    data = abi.call(JOIN, pool_id, provider.address, provider.address, join)
    session.send(provider, vault, data, f"fill the Balancer pool of {'/'.join(plan.symbols)}")
    return BalancerPool(pool, "0x" + pool_id.hex(), tuple(Address(token) for token in found[0]))
