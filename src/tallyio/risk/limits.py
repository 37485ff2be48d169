"""What the gate and the breaker are told: limits from ``risk/limits.toml``, prices and exposure from the engine."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tallyio.config.settings import NonNegative, Positive, Section
from tallyio.core.units import ETHER, Address
from tallyio.risk.margin import Margin

Bps = Annotated[int, Meta(ge=0, le=10_000)]


class BreakerLimits(Section, frozen=True, kw_only=True):
    """The breaker opens when one of these is reached."""

    consecutive_failures: Positive = 5
    day_loss_wei: Positive = ETHER // 10
    session_loss_wei: Positive = ETHER // 10


class MarginLimits(Section, frozen=True, kw_only=True):
    """What the gate demands beyond ``min_profit_wei``: the ``percentile`` of how much more gas, and how much less gross
    profit, the newest ``samples`` landed trades had than their simulations; nothing until there are so many."""

    samples: Positive = 1_000
    percentile: Annotated[int, Meta(ge=50, le=100)] = 99


class Limits(Section, frozen=True, kw_only=True):
    """``risk/limits.toml``. Wei, but for gas (units of gas) and shares (basis points).

    ``bid_share_bps`` of what is left after gas goes to the proposer, at most ``max_bid_share_bps``;
    ``min_profit_wei`` must remain after gas and bid.
    """

    min_profit_wei: NonNegative
    bid_share_bps: Bps = 2_000
    max_bid_share_bps: Bps = 9_000
    max_gas_per_trade: Positive = 2_000_000
    max_gas_cost_per_trade_wei: Positive = ETHER // 20
    max_gas_cost_per_block_wei: Positive = ETHER // 5
    max_position_wei: Positive = 10_000 * ETHER
    """Largest debt that a trade may open, in the worth of ether, although flash loans end with their transaction."""
    simulation_tolerance_bps: Bps = 0
    """How far the simulated gross may lie below the prediction."""
    breaker: BreakerLimits = BreakerLimits()
    margin: MarginLimits = MarginLimits()


class Prices(msgspec.Struct, frozen=True):
    """What gas costs in the target block, and what tokens are worth.

    ``wei_per_token`` maps a token to (numerator, denominator): wei of ether for one of its smallest units.
    """

    gas_price_wei: int
    weth: Address
    wei_per_token: dict[Address, tuple[int, int]] = {}


class Exposure(msgspec.Struct, frozen=True):
    """What stands when an opportunity is judged.

    ``head_block`` is the latest known block; ``committed_gas_cost_wei`` what the plan for the target block costs so
    far; ``touched`` pools and borrowers that the plan uses on the same state (leave it empty when the opportunity was
    found on the state after them); ``untradable`` tokens and pools that no route may touch; ``margin`` is how far off
    recent predictions were.
    """

    head_block: int
    committed_gas_cost_wei: int = 0
    touched: frozenset[Address] = frozenset()
    untradable: frozenset[Address] = frozenset()
    halted: bool = False
    margin: Margin = Margin()
