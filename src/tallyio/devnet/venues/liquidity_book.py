"""Liquidity Book's stand-in: pairs of version 2.2 with bins on both sides of the price."""

from tallyio.chains.addresses import created_by
from tallyio.core.pools import LIQUIDITY_BOOK
from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.standins import ODD, standins
from tallyio.devnet.venues.venue import DEPTH_USD, GAS, Builder, Order, Sale
from tallyio.devnet.world import Token, Venue, VenuePool

PAIRS = (("WETH", "USDC"), ("WETH", "WBTC"))
BIN_STEP, BINS, MIDDLE = 20, 15, 2**23
_ONE = 10**18


def deploy_liquidity_book(builder: Builder) -> tuple[Venue, ...]:
    session, provider = builder.session, builder.provider
    factory, pairs = session.create(standins("book")["LBFactory"], abi.pack("(bool)", True)), list[VenuePool]()
    for number, symbols in enumerate(PAIRS):
        x, y = (builder.tokens[symbol] for symbol in symbols)
        active = _bin_of(x, y)
        data = abi.call("createLBPair(address,address,uint24,uint16)", x.address, y.address, active, BIN_STEP)
        session.send(session.deployer, factory, data, f"create a pair of {symbols}", gas=GAS)
        pair = created_by(factory, 1 + number)
        for token in (x, y):
            data = abi.call("transfer(address,uint256)", pair, token.amount(DEPTH_USD * USD))
            session.send(provider, token.address, data, f"send {token.symbol} to a pair")
        share = _ONE // (BINS + 1)
        sold = [(share << 88) | (active + k) for k in range(BINS + 1)]
        bought = [(share << 24) | (active - k) for k in range(BINS + 1)]
        configs = [(sold[0] | bought[0]).to_bytes(32), *(each.to_bytes(32) for each in (*sold[1:], *bought[1:]))]
        data = abi.call("mint(address,bytes32[],address)", provider.address, configs, provider.address)
        session.send(provider, pair, data, f"fill the pair of {symbols}", gas=GAS)
        pairs.append(VenuePool(pair, (x.address, y.address)))
    return (Venue(LIQUIDITY_BOOK, LIQUIDITY_BOOK, factory, tuple(pairs), ODD),)


def sell(order: Order) -> Sale:
    pair = order.pool.address
    return Sale(pair, abi.call("swap(bool,address)", order.places[0] == 0, order.swapper), paid=pair)


def _bin_of(x: Token, y: Token) -> int:
    """The bin whose price is nearest to that of the tokens' smallest units."""
    wanted, price, number = x.price_e8 * 10**y.decimals, y.price_e8 * 10**x.decimals, 0
    up = wanted > price
    while (wanted > price) == up and number < 2**19:
        if up:
            price = price * (10_000 + BIN_STEP) // 10_000
        else:
            wanted = wanted * (10_000 + BIN_STEP) // 10_000
        number += 1
    return MIDDLE + (number if up else -number)
