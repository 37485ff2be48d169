"""Balancer v3's published vault: a weighted pool, and a stable one of dollars beside a vault's shares at their rate."""

from tallyio.core.pools import BALANCER_V3
from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.devnet import abi
from tallyio.devnet.deploy import balancer_v3
from tallyio.devnet.deploy.balancer_v3 import ONE
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.tokens import own_contracts
from tallyio.devnet.venues.venue import DEPTH_USD, GAS, Builder, Order, Sale
from tallyio.devnet.world import Token, Venue, VenuePool

WEIGHTS = (("WETH", 50), ("WBTC", 30), ("LINK", 20))
DOLLARS, AMPLIFICATION = ("USDC", "DAI", "SDAI"), 200
RATED = "SDAI"
SWAP = "swap(address,(uint8,address,address,address,uint256,uint256,bytes),address)"
FILL = "fill(address,address,address[],uint256[])"
FEES = {"weighted": 3 * 10**15, "stable": 4 * 10**14}


def deploy_balancer_v3(builder: Builder) -> tuple[Venue, ...]:
    session = builder.session
    trader = session.create(own_contracts()["BalancerV3Trader"])
    vault, _ = balancer_v3.deploy_vault(session.create, session.deployer.address, session.next_nonce, trader)
    weights = {builder.tokens[symbol].address: percent * ONE // 100 for symbol, percent in WEIGHTS}
    mixed = builder.sorted(tuple(symbol for symbol, _ in WEIGHTS))
    weighted = balancer_v3.weighted_pool(session.create, vault, [weights[token.address] for token in mixed])
    stable = balancer_v3.stable_pool(session.create, vault, AMPLIFICATION)
    shares = [DEPTH_USD * USD * weights[token.address] // ONE for token in mixed]
    pools = (
        _filled(builder, vault, trader, weighted, FEES["weighted"], mixed, shares),
        _filled(builder, vault, trader, stable, FEES["stable"], builder.sorted(DOLLARS), [DEPTH_USD * USD] * 3),
    )
    return (Venue(BALANCER_V3, BALANCER_V3, vault, pools, router=trader),)


def sell(order: Order) -> Sale:
    told = (0, order.pool.address, order.token_in, order.token_out, order.amount, 0, b"")
    trader: Address = order.venue.router
    return Sale(trader, abi.call(SWAP, order.venue.factory, told, order.swapper), trader)


def _filled(
    builder: Builder,
    vault: Address,
    trader: Address,
    pool: Address,
    fee: int,
    tokens: list[Token],
    values_e8: list[int],
) -> VenuePool:
    session, amounts = builder.session, [token.amount(e8) for token, e8 in zip(tokens, values_e8, strict=True)]
    configured = [_configured(builder, token) for token in tokens]
    data = balancer_v3.registration(pool, configured, fee)
    session.send(session.deployer, vault, data, "register a pool of Balancer v3")
    for token, amount in zip(tokens, amounts, strict=True):
        data = abi.call("transfer(address,uint256)", trader, amount)
        session.send(builder.provider, token.address, data, f"bring {token.symbol} for Balancer v3")
    addresses = [token.address for token in tokens]
    data = abi.call(FILL, vault, pool, addresses, amounts)
    session.send(builder.provider, trader, data, "fill a pool of Balancer v3", gas=GAS)
    return VenuePool(pool, tuple(addresses))


def _configured(builder: Builder, token: Token) -> tuple[Address, int, Address, bool]:
    if token.symbol != RATED:
        return token.address, 0, ZERO_ADDRESS, False
    rate = token.price_e8 * ONE // builder.tokens["DAI"].price_e8
    provider = builder.session.create(own_contracts()["RateProvider"], abi.pack("(uint256)", rate))
    return token.address, 1, provider, False
