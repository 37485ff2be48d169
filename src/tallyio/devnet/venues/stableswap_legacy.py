"""Curve's first plain pools: a stand-in of 3pool over the dollars, listed by a registry."""

from tallyio.core.pools import CURVE_LEGACY
from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.standins import ODD, standins
from tallyio.devnet.deploy.tokens import approve
from tallyio.devnet.venues.venue import DEPTH_USD, Builder
from tallyio.devnet.world import Venue, VenuePool

COINS = ("DAI", "USDC", "USDT")
A_UNIT, A, FEE, ADMIN_FEE = 1, 2000, 10**6, 5 * 10**9
TERMS = "(address[],address,uint256,uint256,uint256,uint256)"


def deploy_stableswap_legacy(builder: Builder) -> tuple[Venue, ...]:
    session, contracts = builder.session, standins("stable_legacy")
    coins = [builder.tokens[symbol] for symbol in COINS]
    addresses = [coin.address for coin in coins]
    registry, shares = session.create(contracts["LegacyRegistry"]), session.create(contracts["LegacyToken"])
    pool = session.create(contracts["LegacyPool"], abi.pack(TERMS, addresses, shares, A_UNIT, A, FEE, ADMIN_FEE))
    session.send(session.deployer, shares, abi.call("set_minter(address)", pool), "let 3pool mint its shares")
    session.send(session.deployer, registry, abi.call("add_pool(address)", pool), "list 3pool")
    for coin in coins:
        approve(session, coin, builder.provider, pool)
    amounts = [coin.amount(DEPTH_USD * USD) for coin in coins]
    data = abi.call(f"add_liquidity(uint256[{len(coins)}],uint256)", amounts, 0)
    session.send(builder.provider, pool, data, "fill 3pool")
    return (Venue(CURVE_LEGACY, CURVE_LEGACY, registry, (VenuePool(pool, tuple(addresses)),), ODD),)
