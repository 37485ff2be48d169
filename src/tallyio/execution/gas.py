"""What a route will roughly cost. An estimate for ranking and for the fee side of a bid; the local EVM decides.

The constants are fitted to ``contracts/gas.json``: measured on pools that traded before, with plain ERC-20 tokens and
an executor that already holds WETH. Ticks that a v3 swap crosses, tokens behind proxies, further reserves of a borrower
and the first trade of a pool come on top.
"""

from typing import Final

from tallyio.core.pools import V3
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, Step, SwapStep
from tallyio.execution.steps import forwards

BASE: Final = 36_000
BID: Final = 16_500
V2_FLASH: Final = 53_000
V3_FLASH: Final = 61_000
AAVE_FLASH: Final = 102_000
V2_SWAP: Final = 58_500
V2_PREPAID: Final = 54_000
V3_SWAP: Final = 68_500
LIQUIDATION: Final = 326_000


def gas_estimate(route: Route, *, with_bid: bool = True) -> int:
    """Gas of the whole transaction that executes ``route``."""
    funding = route.funding
    if isinstance(funding, FlashLoan):
        total = BASE + AAVE_FLASH
    else:
        total = BASE + (V3_FLASH if funding.family == V3 else V2_FLASH)
    opener = funding if isinstance(funding, SwapStep) and funding.family == V3 else None
    for previous, steps in ((opener, route.inner), (None, route.outer)):
        before: Step | None = previous
        for step in steps:
            total += _step(before, step)
            before = step
    return total + (BID if with_bid else 0)


def _step(before: Step | None, step: Step) -> int:
    if isinstance(step, LiquidateStep):
        return LIQUIDATION
    if step.family == V3:
        return V3_SWAP
    return V2_PREPAID if forwards(before, step) else V2_SWAP
