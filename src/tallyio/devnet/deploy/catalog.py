"""What a world is made of: tokens and first prices, pools in order of importance, reserves of the lending market."""

from itertools import combinations

import msgspec

USD = 10**8
"""One US dollar in the unit of the price feeds (8 decimals)."""
CAKE = "pancakeswap_v2"
UNI2 = "uniswap_v2"
UNI3 = "uniswap_v3"
TICK_SPACING = {100: 1, 500: 10, 3000: 60, 10000: 200}


class TokenPlan(msgspec.Struct, frozen=True):
    symbol: str
    decimals: int
    price_e8: int
    transfer_fee_bps: int = 0
    silent: bool = False


class ReservePlan(msgspec.Struct, frozen=True):
    """Ratios in basis points. ``bonus_bps`` is 10000 plus what a liquidator gains."""

    symbol: str
    ltv_bps: int
    threshold_bps: int
    bonus_bps: int


class PoolPlan(msgspec.Struct, frozen=True):
    """``depth_usd`` is the value of one side. ``odd`` says what is odd about it, where something is."""

    venue: str
    a: str
    b: str
    fee_pips: int
    depth_usd: int = 0
    odd: str = ""


TOKENS = (
    TokenPlan("WETH", 18, 2_500 * USD),
    TokenPlan("USDC", 6, USD),
    TokenPlan("USDT", 6, USD, silent=True),
    TokenPlan("DAI", 18, USD),
    TokenPlan("WBTC", 8, 60_000 * USD),
    TokenPlan("LINK", 18, 15 * USD),
    TokenPlan("STETH", 18, 2_950 * USD),
    TokenPlan("FEE", 18, 5 * USD, transfer_fee_bps=100),
    TokenPlan("VAST", 18, USD),
    TokenPlan("FRAX", 18, USD),
)
OF_VENUES = ("VAST", "FRAX")
"""No pools are thought up for them: the one is odd, the other is traded against the shares of stable pools."""
STABLE = ("USDC", "USDT", "DAI")
ETHER_LIKE = ("WETH", "STETH")
RESERVES = (
    ReservePlan("WETH", 8100, 8250, 10500),
    ReservePlan("USDC", 7700, 7850, 10450),
    ReservePlan("USDT", 7500, 7650, 10450),
    ReservePlan("DAI", 7700, 7850, 10400),
    ReservePlan("WBTC", 7300, 7450, 10625),
    ReservePlan("LINK", 6800, 6950, 10700),
    ReservePlan("STETH", 7850, 8000, 10600),
)
EMODE = ReservePlan("ether", 9300, 9500, 10100)
EMODE_CATEGORY = 1
FLASH_PREMIUM_BPS = 5

_MAJOR, _STABLE, _MIDDLE, _MINOR = 10_000_000, 15_000_000, 4_000_000, 1_500_000
_FIRST = (
    (UNI3, "WETH", "USDC", 500), (UNI2, "WETH", "USDC", 3000), (CAKE, "WETH", "USDC", 2500),
    (UNI3, "WETH", "USDC", 3000), (UNI3, "WETH", "WBTC", 500), (UNI3, "WBTC", "USDC", 500),
    (UNI3, "USDC", "DAI", 100), (UNI3, "WETH", "DAI", 500), (UNI3, "WETH", "STETH", 100),
    (UNI3, "WETH", "LINK", 3000), (UNI2, "WETH", "LINK", 3000), (UNI3, "LINK", "USDC", 3000),
    (UNI3, "USDC", "USDT", 100), (UNI2, "WETH", "USDT", 3000), (UNI2, "WETH", "FEE", 3000),
    (CAKE, "WETH", "VAST", 2500), (UNI3, "WETH", "USDC", 10000), (UNI2, "WETH", "DAI", 3000),
    (UNI2, "WETH", "WBTC", 3000), (UNI3, "STETH", "USDC", 3000), (CAKE, "WETH", "USDT", 2500),
    (CAKE, "LINK", "USDC", 2500), (CAKE, "WBTC", "USDT", 2500), (CAKE, "FEE", "USDC", 2500),
    (UNI3, "WETH", "USDT", 500), (UNI3, "WETH", "USDT", 3000), (UNI3, "WETH", "DAI", 3000),
    (UNI3, "WETH", "WBTC", 3000), (UNI3, "WBTC", "USDT", 3000), (UNI3, "DAI", "USDT", 100),
    (UNI3, "WETH", "STETH", 500), (UNI3, "WETH", "LINK", 10000), (UNI3, "LINK", "DAI", 10000),
    (UNI3, "WBTC", "DAI", 10000), (UNI2, "WETH", "STETH", 3000), (UNI2, "USDC", "DAI", 3000),
    (UNI2, "WBTC", "USDC", 3000), (CAKE, "STETH", "DAI", 2500), (CAKE, "USDC", "USDT", 2500),
    (CAKE, "WETH", "LINK", 2500), (CAKE, "WETH", "DAI", 2500), (UNI3, "USDC", "USDT", 500),
)  # fmt: skip
ODD = (
    PoolPlan(UNI2, "LINK", "STETH", 3000, odd="no liquidity"),
    PoolPlan(CAKE, "VAST", "DAI", 2500, odd="reserves near the limit"),
    PoolPlan(UNI3, "FEE", "WETH", 3000, odd="initialised without liquidity"),
)


def _depth(a: str, b: str) -> int:
    pair = {a, b}
    if pair <= set(STABLE):
        return _STABLE
    if "WETH" in pair and pair & {"USDC", "USDT", "DAI", "WBTC"}:
        return _MAJOR
    return _MIDDLE if "WETH" in pair or "WBTC" in pair or "STETH" in pair else _MINOR


def pools(count: int) -> list[PoolPlan]:
    """``count`` pools: the odd ones, and the most important of the others."""
    plain = [t.symbol for t in TOKENS if not t.transfer_fee_bps and t.symbol not in OF_VENUES]
    more = [
        (venue, a, b, fee)
        for venue, fee in ((UNI3, 3000), (UNI2, 3000), (CAKE, 2500), (UNI3, 500), (UNI3, 10000), (UNI3, 100))
        for a, b in combinations(plain, 2)
    ]
    taken = {(p.venue, frozenset((p.a, p.b)), p.fee_pips) for p in ODD}
    chosen = list(ODD)
    for venue, a, b, fee in (*_FIRST, *more):
        key = (venue, frozenset((a, b)), fee)
        if len(chosen) < count and key not in taken:
            taken.add(key)
            chosen.append(PoolPlan(venue, a, b, fee, _depth(a, b)))
    return chosen
