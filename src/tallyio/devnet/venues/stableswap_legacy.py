"""Curve's first pools: stand-ins of 3pool over the dollars and of a meta pool over 3pool, listed by a registry."""

from tallyio.core.pools import CURVE_LEGACY, CURVE_LEGACY_META
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.standins import ODD, standins
from tallyio.devnet.deploy.tokens import approve
from tallyio.devnet.venues.stableswap import META_COIN, fill_meta
from tallyio.devnet.venues.venue import DEPTH_USD, Builder
from tallyio.devnet.world import Venue, VenuePool

COINS = ("DAI", "USDC", "USDT")
A_UNIT, A, FEE, ADMIN_FEE = 1, 2000, 10**6, 5 * 10**9
TERMS = "(address[],address,uint256,uint256,uint256,uint256)"
META_A, META_FEE = 1500, 4 * 10**6
META_TERMS = "(address[],address,address,uint256,uint256,uint256)"


def deploy_stableswap_legacy(builder: Builder) -> tuple[Venue, ...]:
    session, contracts = builder.session, standins("stable_legacy")
    frax, terms = builder.tokens[META_COIN].address, (A_UNIT, A, FEE, ADMIN_FEE)
    coins = [builder.tokens[symbol] for symbol in COINS]
    addresses = [coin.address for coin in coins]
    registry, shares = session.create(contracts["LegacyRegistry"]), session.create(contracts["LegacyToken"])
    pool = session.create(contracts["LegacyPool"], abi.pack(TERMS, addresses, shares, *terms))
    session.send(session.deployer, shares, abi.call("set_minter(address)", pool), "let 3pool mint its shares")
    session.send(session.deployer, registry, abi.call("add_pool(address)", pool), "list 3pool")
    for coin in coins:
        approve(session, coin, builder.provider, pool)
    amounts = [coin.amount(DEPTH_USD * USD) for coin in coins]
    data = abi.call(f"add_liquidity(uint256[{len(coins)}],uint256)", amounts, 0)
    session.send(builder.provider, pool, data, "fill 3pool")
    meta = _meta_pool(builder, registry, pool, shares)
    return (
        Venue(CURVE_LEGACY, CURVE_LEGACY, registry, (VenuePool(pool, tuple(addresses)),), ODD),
        Venue(CURVE_LEGACY_META, CURVE_LEGACY_META, registry, (VenuePool(meta, (frax, *addresses)),), ODD),
    )


def _meta_pool(builder: Builder, registry: Address, base: Address, base_shares: Address) -> Address:
    session, contracts, coin = builder.session, standins("stable_legacy"), builder.tokens[META_COIN]
    shares = session.create(contracts["LegacyToken"])
    terms = [coin.address, base_shares], shares, base, META_A, META_FEE, ADMIN_FEE
    pool = session.create(contracts["LegacyMeta"], abi.pack(META_TERMS, *terms))
    session.send(session.deployer, shares, abi.call("set_minter(address)", pool), "let the meta pool mint its shares")
    session.send(session.deployer, registry, abi.call("add_pool(address)", pool), "list the meta pool")
    fill_meta(builder, pool, coin, base_shares, "add_liquidity(uint256[2],uint256)")
    return pool
