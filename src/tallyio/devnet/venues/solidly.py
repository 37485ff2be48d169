"""Aerodrome's and Camelot's stand-ins: volatile pools, and stable ones of dollars."""

from tallyio.chains.addresses import created2_by
from tallyio.chains.keccak import keccak256
from tallyio.core.pools import AERODROME, CAMELOT
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.standins import ODD, standins
from tallyio.devnet.venues.venue import DEPTH_USD, GAS, Builder, Order, Sale, even
from tallyio.devnet.world import Token, Venue, VenuePool

PAIRS = (("WETH", "USDC"), ("WETH", "WBTC"), ("USDC", "DAI"), ("WETH", "LINK"))
STABLE_PAIRS = (("USDC", "DAI"), ("USDC", "USDT"))


def deploy_solidly(builder: Builder) -> tuple[Venue, ...]:
    """Aerodrome's rounding and Camelot's."""
    session, contracts = builder.session, standins("solidly")
    aerodrome = session.create(contracts["SolidlyFactory"], abi.pack("(bool)", True))
    camelot = session.create(contracts["CamelotFactory"], abi.pack("(address)", session.deployer.address))
    pool_hash, pair_hash = (contracts[name].init_code_hash for name in ("SolidlyPool", "CamelotPair"))
    solidly, pairs = list[VenuePool](), list[VenuePool]()
    for symbols, stable in [*((each, False) for each in PAIRS), *((each, True) for each in STABLE_PAIRS)]:
        ends = builder.sorted(symbols)
        packed = b"".join(bytes.fromhex(end.address[2:]) for end in ends)
        addresses = [end.address for end in ends]
        data = abi.call("createPool(address,address,bool)", *addresses, stable)
        session.send(session.deployer, aerodrome, data, f"create a pool of {symbols}", gas=GAS)
        pool = created2_by(aerodrome, keccak256(packed + bytes([stable])), pool_hash)
        solidly.append(_filled(builder, pool, ends, stable))
        if not stable:
            data = abi.call("createPair(address,address)", *addresses)
            session.send(session.deployer, camelot, data, f"create a pair of {symbols}", gas=GAS)
            pairs.append(_filled(builder, created2_by(camelot, keccak256(packed), pair_hash), ends, False))
    return (
        Venue(AERODROME, AERODROME, aerodrome, tuple(solidly), ODD),
        Venue(CAMELOT, CAMELOT, camelot, tuple(pairs), ODD),
    )


def sell(order: Order) -> Sale:
    pool, first = order.pool.address, order.places[0] == 0
    data = abi.call("solid(address,address,uint256,bool)", pool, order.token_in, order.amount, first)
    return Sale(order.swapper, data, paid=pool)


def _filled(builder: Builder, pool: Address, ends: list[Token], stable: bool) -> VenuePool:
    """Sends both tokens and mints; a stable pool's first deposit is of as many whole tokens of each."""
    session, provider = builder.session, builder.provider
    amounts = [end.amount(DEPTH_USD * USD) for end in ends]
    for end, amount in zip(ends, even(amounts, ends) if stable else amounts, strict=True):
        data = abi.call("transfer(address,uint256)", pool, amount)
        session.send(provider, end.address, data, f"send {end.symbol} to a pool")
    session.send(provider, pool, abi.call("mint(address)", provider.address), "fill a pool")
    return VenuePool(pool, tuple(end.address for end in ends))
