"""Balancer v2's published builds: weighted and composable stable pools at one vault."""

from tallyio.core.pools import BALANCER_V2
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.deploy.balancer import SWAP
from tallyio.devnet.venues.venue import Order, Sale
from tallyio.devnet.world import BalancerVault, Token, Venue, VenuePool


def venue_of(vault: BalancerVault, tokens: dict[str, Token]) -> Venue:
    """Its pools' own shares, which they hold too, nobody trades here."""
    known = {token.address for token in tokens.values()}
    pools = (VenuePool(Address(p.pool_id), tuple(t for t in p.tokens if t in known)) for p in vault.pools)
    return Venue(BALANCER_V2, BALANCER_V2, vault.address, tuple(pools))


def sell(order: Order) -> Sale:
    step = (bytes.fromhex(order.pool.address[2:]), 0, order.token_in, order.token_out, order.amount, b"")
    funds = (order.swapper, False, order.swapper, False)
    return Sale(order.venue.factory, abi.call(SWAP, step, funds, 0, 2**255))
