"""A Comet market as its contract stores it. Source: the Compound III documentation and its public getters."""

import msgspec

FACTOR = 10**18
INDEX = 10**15
ACCRUAL = 10**6
PAUSE_SUPPLY, PAUSE_WITHDRAW, PAUSE_ABSORB, PAUSE_BUY = 1, 4, 8, 16


class RateCurve(msgspec.Struct, frozen=True):
    """Interest per second (1e18) by utilisation (1e18): two slopes that meet at the kink."""

    kink: int
    base: int
    slope_low: int
    slope_high: int

    def at(self, utilization: int) -> int:
        below = min(utilization, self.kink)
        rate = self.base + self.slope_low * below // FACTOR
        return rate + self.slope_high * (utilization - self.kink) // FACTOR if utilization > self.kink else rate


class Rules(msgspec.Struct, frozen=True):
    """What governance set; amounts in the base token's units, factors 1e18."""

    base_scale: int
    min_for_rewards: int
    borrow_min: int
    target_reserves: int
    store_front_factor: int
    tracking_scale: int
    supply_speed: int
    borrow_speed: int
    supply_curve: RateCurve
    borrow_curve: RateCurve


class Collateral(msgspec.Struct, frozen=True):
    """One collateral token: its rules, its price (1e8) and what the market holds of it."""

    scale: int
    borrow_factor: int
    liquidate_factor: int
    liquidation_factor: int
    supply_cap: int
    price: int
    total: int
    balance: int


class Account(msgspec.Struct, frozen=True):
    """``principal`` is lent where above zero, owed below; ``assets_in`` and ``reserved`` mark collaterals by bit."""

    principal: int
    tracking_index: int
    tracking_accrued: int
    assets_in: int
    reserved: int
    collateral: tuple[int, ...]

    def holds(self, asset: int) -> bool:
        bits, place = (self.assets_in, asset) if asset < 16 else (self.reserved, asset - 16)
        return bool(bits >> place & 1)


class Market(msgspec.Struct, frozen=True):
    """Indices (1e15) as of ``accrued_at``; totals are principals."""

    rules: Rules
    collaterals: tuple[Collateral, ...]
    base_price: int
    base_balance: int
    supply_index: int
    borrow_index: int
    tracking_supply_index: int
    tracking_borrow_index: int
    total_supply: int
    total_borrow: int
    accrued_at: int
    paused: int = 0
    """A bit for each action that governance stopped: supply, transfer, withdraw, absorb, buy."""
