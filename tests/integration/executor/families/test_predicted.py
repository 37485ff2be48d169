"""Every family beside a v2 pair: the project's own model says before what the executor earns, to the wei.

Published contracts: Uniswap v2, v3, v4, PancakeSwap v3, Balancer v2 and v3. Stand-ins: Solidly, StableSwap-NG and
Liquidity Book; Slipstream is Uniswap v3's pool, whose calls and arithmetic are the same, behind a factory of ours.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tallyio.core.chain import Log
from tallyio.core.pools import (
    AERODROME,
    BALANCER_V2,
    BALANCER_V3,
    CAMELOT,
    CURVE_NG,
    LIQUIDITY_BOOK,
    PANCAKE_V3,
    SLIPSTREAM,
    V2,
    V3,
    V4,
    VELODROME,
    Pool,
)
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import ETHER, ZERO_ADDRESS, Address, address
from tallyio.devnet import abi
from tallyio.devnet.artifacts import from_package
from tallyio.devnet.deploy.standins import standins
from tallyio.devnet.venues.stableswap import DEPLOY
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.family import Learned
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.siblings import family_of
from tallyio.protocols.dex.slipstream import SlipstreamTerms

EVEN, EDGE, DEEP = 2**96, 887_200, 300 * ETHER


class Place:
    """A pool of WETH and A, about even, of any family."""

    def __init__(self, town: Any, pool: Pool) -> None:
        self.town, self.pool, self.family = town, pool, family_of(pool)
        self.pool, _ = self.read()

    def step(self, token_in: Address, token_out: Address, paid: int) -> SwapStep:
        """What our model says that the pool gives in the next block."""
        chain = self.town.chain
        now = int(chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 12
        got = swap(*self.read(), token_in, token_out, paid, now).amount_out
        detail = self.family.detail(self.pool, token_in, token_out)
        step: SwapStep = self.town.step(self.pool.address, self.pool.family, token_in, token_out, paid, got, detail)
        return step

    def read(self) -> tuple[Pool, Any]:
        reading, answers = self.family.read(self.pool), None
        while True:
            try:
                calls = reading.send(answers)  # type: ignore[arg-type]
            except StopIteration as done:
                found = done.value
                return (found.pool, found.state) if isinstance(found, Learned) else (self.pool, found)
            answers = [self.town.chain.answer(to, data) for to, data in calls]


def announced(town: Any, family: str, factory: Address, receipt: Any, fee_pips: int = 0) -> Pool:
    """The pool that the family finds among the logs of a transaction."""
    deployment = Deployment(family, family, factory, fee_pips)
    for entry in receipt["logs"]:
        data = bytes.fromhex(entry["data"][2:])
        log = Log(address(entry["address"]), tuple(entry["topics"]), data, 1, entry["blockHash"], "0x", 0, 0)
        probe = Pool(ZERO_ADDRESS, family, family, (), 0)
        if log.address == factory and log.topics[0] in family_of(probe).topics:
            found = family_of(probe).discover(log, deployment)
            if found:
                return found
    raise AssertionError("no pool was announced")


def uniswap_v2(town: Any) -> Pool:
    pool = town.lab.v2_pair("pancake", {town.weth: 100 * ETHER, town.a: 100 * ETHER})
    return Pool(pool, V2, "pancake", tuple(sorted((town.weth, town.a))), 2500)


def uniswap_v3(town: Any) -> Pool:
    pool = town.lab.v3_pool({town.weth: 100 * ETHER, town.a: 100 * ETHER})
    return Pool(pool, V3, "uniswap_v3", tuple(sorted((town.weth, town.a))), 3000, 60)


def slipstream(town: Any) -> Pool:
    pool = uniswap_v3(town)
    terms = SlipstreamTerms(Address(town.chain.create(standins("slipstream")["CLFactory"].code())))
    return Pool(pool.address, SLIPSTREAM, SLIPSTREAM, pool.tokens, 3000, 60, terms=terms)


def pancake_v3(town: Any) -> Pool:
    path, tokens = "artifacts/contracts/{0}.sol/{0}.json", sorted((town.weth, town.a))
    code = from_package("pancakeswap-v3-core", path.format("PancakeV3Pool")).code()
    deployer = town.chain.create(standins("pancake")["PoolDeployer"].code(arguments=abi.pack("(bytes)", code)))
    factory = town.deploy("pancakeswap-v3-core", path.format("PancakeV3Factory"), abi.pack("(address)", deployer))
    receipt = town.chain.do(factory, abi.call("createPool(address,address,uint24)", *tokens, 2500))
    pool = announced(town, PANCAKE_V3, factory, receipt)
    town.chain.do(pool.address, abi.call("initialize(uint160)", EVEN))
    minter = town.lab.create("Minter")
    town.lab.fund(town.weth, minter, 400 * ETHER)
    order = (pool.address, tokens, [-EDGE, EDGE], DEEP, False)
    town.chain.do(minter, abi.call("provide(address,address[2],int24[2],uint128,bool)", *order))
    return pool


def uniswap_v4(town: Any, manager: Any) -> Pool:
    return announced(town, V4, manager.address, manager.pool(town.weth, 1))


def balancer_v2(town: Any, vault: Any) -> Pool:
    receipt = vault({town.weth: 100 * ETHER, town.a: 100 * ETHER}).receipt
    return announced(town, BALANCER_V2, vault.address, receipt)


def balancer_v3(town: Any, vault3: Any) -> Pool:
    return announced(town, BALANCER_V3, vault3.address, vault3.receipt)


def solidly(town: Any, family: str, stable: bool) -> Pool:
    contracts, chain = standins("solidly"), town.chain
    if family == CAMELOT:
        factory = chain.create(contracts["CamelotFactory"].code(arguments=abi.pack("(address)", chain.stranger)))
        receipt = chain.do(factory, abi.call("createPair(address,address)", town.weth, town.a))
    else:
        factory = chain.create(contracts["SolidlyFactory"].code(arguments=abi.pack("(bool)", family == AERODROME)))
        receipt = chain.do(factory, abi.call("createPool(address,address,bool)", town.weth, town.a, stable))
    pool = announced(town, family, factory, receipt)
    for token in (town.weth, town.a):
        town.lab.fund(token, pool.address, 100 * ETHER)
    chain.do(pool.address, abi.call("mint(address)", chain.owner))
    return pool


def stableswap(town: Any) -> Pool:
    chain, coins = town.chain, [town.weth, town.a]
    factory = chain.create(standins("stableswap")["StableFactory"].code())
    order = (coins, 200, 4 * 10**6, 2 * 10**10, 866, 0, [0] * 2, [bytes(4)] * 2, [ZERO_ADDRESS] * 2)
    pool = Place(town, announced(town, CURVE_NG, factory, chain.do(factory, abi.call(DEPLOY, "", "", *order)))).pool
    town.lab.fund(town.a, chain.owner, 100 * ETHER)
    for coin in coins:
        chain.do(coin, abi.call("approve(address,uint256)", pool.address, 100 * ETHER))
    chain.do(pool.address, abi.call("add_liquidity(uint256[],uint256)", [100 * ETHER] * 2, 0))
    return pool


def liquidity_book(town: Any) -> Pool:
    """A hundred of each token in each of five bins to its side of the price; a trade crosses two."""
    chain, middle = town.chain, 2**23
    factory = chain.create(standins("book")["LBFactory"].code(arguments=abi.pack("(bool)", True)))
    create = abi.call("createLBPair(address,address,uint24,uint16)", town.weth, town.a, middle, 20)
    pool = announced(town, LIQUIDITY_BOOK, factory, chain.do(factory, create))
    for token in (town.weth, town.a):
        town.lab.fund(token, pool.address, 10 * ETHER)
    share = ETHER // 5
    above = [(share << 88 | middle + k).to_bytes(32) for k in range(5)]
    below = [(share << 24 | middle - k).to_bytes(32) for k in range(5)]
    order = (chain.owner, [*above, *below], chain.owner)
    chain.do(pool.address, abi.call("mint(address,bytes32[],address)", *order))
    return pool


def first_liquidity_book(town: Any) -> Pool:
    """As the later one; each bin gets a fifth of what was sent."""
    chain, middle, share = town.chain, 2**23, ETHER // 5
    factory = chain.create(standins("book")["FirstFactory"].code())
    create = abi.call("createLBPair(address,address,uint24,uint16)", town.weth, town.a, middle, 20)
    pool = announced(town, LIQUIDITY_BOOK, factory, chain.do(factory, create))
    for token in (town.weth, town.a):
        town.lab.fund(token, pool.address, 10 * ETHER)
    ids, above, below = [middle + k for k in range(-4, 5)], [0] * 4 + [share] * 5, [share] * 5 + [0] * 4
    mint = "mint(uint256[],uint256[],uint256[],address)"
    chain.do(pool.address, abi.call(mint, ids, above, below, chain.owner))
    return pool


PLACES: dict[str, Callable[[Any], Pool]] = {
    "v2": uniswap_v2,
    "v3": uniswap_v3,
    "pancakeswap-v3": pancake_v3,
    "slipstream (stand-in)": slipstream,
    "aerodrome (stand-in)": lambda town: solidly(town, AERODROME, False),
    "aerodrome stable (stand-in)": lambda town: solidly(town, AERODROME, True),
    "velodrome (stand-in)": lambda town: solidly(town, VELODROME, False),
    "camelot (stand-in)": lambda town: solidly(town, CAMELOT, False),
    "stableswap-ng (stand-in)": stableswap,
    "liquidity book (stand-in)": liquidity_book,
    "liquidity book 2.0 (stand-in)": first_liquidity_book,
}
NAMES = [*PLACES, "v4", "balancer-v2", "balancer-v3"]


@pytest.fixture(params=NAMES)
def place(town: Any, request: pytest.FixtureRequest) -> Place:
    name, get = request.param, request.getfixturevalue
    if name == "v4":
        return Place(town, uniswap_v4(town, get("manager")))
    if name == "balancer-v2":
        return Place(town, balancer_v2(town, get("vault")))
    if name == "balancer-v3":
        return Place(town, balancer_v3(town, get("vault3")))
    return Place(town, PLACES[name](town))


def stock(town: Any, token: Address) -> None:
    """The pair has twice as much of ``token`` as of the other."""
    town.lab.fund(token, town.pair, 100 * ETHER)
    town.chain.do(town.pair, abi.call("sync()"))


def test_what_is_predicted_is_earned(town: Any, place: Place) -> None:
    """A bought on the pair and sold here; then bought here, before it is paid where the pool allows, and sold there."""
    stock(town, town.a)
    bought = town.buy(ETHER + 7)
    sold = place.step(town.a, town.weth, bought.amount_out)
    earns(town, Route(funding=bought, inner=(sold,)))
    stock(town, town.weth)
    stock(town, town.weth)
    bought = place.step(town.weth, town.a, ETHER // 2 + 3)
    sold = town.sell(bought.amount_out)
    if place.family.lends:
        earns(town, Route(funding=bought, inner=(sold,)))


def earns(town: Any, route: Route) -> None:
    gained = route.inner[-1].amount_out - route.funding.amount_in  # type: ignore[union-attr]
    assert gained > 0
    assert town.lab.execute(route, min_profit=gained + 1)["status"] == "0x0"
    receipt = town.lab.execute(route, min_profit=gained)
    assert receipt["status"] == "0x1", town.lab.refusal(route)
    assert town.lab.executed(receipt) == (gained, 0)
    town.settled(route)


def test_gas(town: Any, place: Place, request: pytest.FixtureRequest, tabled_gas: Callable[[str, int], None]) -> None:
    """Pools that traded before, and an executor that holds WETH; the second of two."""
    name = request.node.callspec.params["place"]
    town.lab.fund(town.weth, town.lab.executor, ETHER)
    stock(town, town.a)
    for _ in range(2):
        bought = town.buy(ETHER // 10)
        route = Route(funding=bought, inner=(place.step(town.a, town.weth, bought.amount_out),))
        receipt = town.lab.execute(route)
        assert receipt["status"] == "0x1", town.lab.refusal(route)
    tabled_gas(f"cycle, v2 {name}", int(receipt["gasUsed"], 16))
