"""Every venue: what deploys it, and what sells there. A family joins by a line in each."""

from collections.abc import Mapping

from tallyio.core.pools import (
    AERODROME,
    ALGEBRA,
    BALANCER_V2,
    BALANCER_V3,
    CAMELOT,
    CURVE_LEGACY,
    CURVE_LEGACY_META,
    CURVE_NG,
    CURVE_NG_META,
    ERC4626,
    LIQUIDITY_BOOK,
    PANCAKE_V3,
    SLIPSTREAM,
    TRICRYPTO,
    TWOCRYPTO,
    V4,
)
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.venues import (
    balancer_v2,
    balancer_v3,
    concentrated,
    crypto,
    liquidity_book,
    solidly,
    stableswap,
    stableswap_legacy,
    uniswap_v4,
    wrapping,
)
from tallyio.devnet.venues.venue import Builder, Deploy, Order, Sell
from tallyio.devnet.world import Venue

DEPLOYS: tuple[Deploy, ...] = (
    concentrated.deploy_pancake_v3,
    concentrated.deploy_slipstream,
    concentrated.deploy_algebra,
    uniswap_v4.deploy_uniswap_v4,
    solidly.deploy_solidly,
    stableswap.deploy_stableswap,
    stableswap_legacy.deploy_stableswap_legacy,
    crypto.deploy_crypto,
    liquidity_book.deploy_liquidity_book,
    balancer_v3.deploy_balancer_v3,
)
SELLS: Mapping[str, Sell] = {
    PANCAKE_V3: concentrated.sell,
    SLIPSTREAM: concentrated.sell,
    ALGEBRA: concentrated.sell,
    V4: uniswap_v4.sell,
    AERODROME: solidly.sell,
    CAMELOT: solidly.sell,
    CURVE_NG: stableswap.sell,
    CURVE_LEGACY: stableswap.sell,
    CURVE_NG_META: stableswap.sell_underlying,
    CURVE_LEGACY_META: stableswap.sell_underlying,
    TWOCRYPTO: crypto.sell,
    TRICRYPTO: crypto.sell,
    LIQUIDITY_BOOK: liquidity_book.sell,
    BALANCER_V2: balancer_v2.sell,
    BALANCER_V3: balancer_v3.sell,
    ERC4626: wrapping.sell,
}
SWAP = "swap(address,address,uint256,address,address,uint256,bytes,uint256)"


def deploy_venues(builder: Builder) -> tuple[Venue, ...]:
    return tuple(venue for deploy in DEPLOYS for venue in deploy(builder))


def call_of(order: Order, least: int) -> bytes:
    """The call of the swapper that carries out ``order`` for at least ``least``; it answers what it paid."""
    sale = SELLS[order.venue.family](order)
    paid: Address = sale.paid or order.swapper
    return abi.call(
        SWAP, order.token_in, order.token_out, order.amount, paid, sale.target, sale.value_wei, sale.data, least
    )
