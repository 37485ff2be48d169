"""A lending market as of a block: reserves, e-mode categories, accounts and prices (the Aave v3.6 data model).

Every record is immutable. A change makes a new ``LendingState`` that shares all it did not touch with the old one,
so a caller rewinds by keeping the states it passed through.
"""

from collections.abc import Mapping

import msgspec

from tallyio.core.units import ZERO_ADDRESS, Address


class RateCurve(msgspec.Struct, frozen=True):
    """Kinked interest rate; all four numbers in basis points."""

    optimal_usage_bps: int = 0
    base_bps: int = 0
    slope1_bps: int = 0
    slope2_bps: int = 0


class Reserve(msgspec.Struct, frozen=True):
    """One asset of the market.

    Indices and rates are rays (1e27); ``scaled_debt`` and ``scaled_supply`` are the tokens' scaled total supplies;
    ``virtual_balance`` and ``deficit`` are amounts of ``asset``. ``updated_at`` is when the indices were last written
    (unix seconds). ``price_e8`` lives in ``LendingState.prices_e8``.
    """

    asset: Address
    id: int
    decimals: int
    a_token: Address
    debt_token: Address
    treasury: Address = ZERO_ADDRESS
    ltv_bps: int = 0
    threshold_bps: int = 0
    bonus_bps: int = 0
    protocol_fee_bps: int = 0
    reserve_factor_bps: int = 0
    debt_ceiling: int = 0
    active: bool = True
    frozen: bool = False
    paused: bool = False
    borrowing: bool = False
    flash_loans: bool = False
    grace_until: int = 0
    liquidity_index: int = 10**27
    debt_index: int = 10**27
    liquidity_rate: int = 0
    debt_rate: int = 0
    updated_at: int = 0
    scaled_supply: int = 0
    scaled_debt: int = 0
    virtual_balance: int = 0
    deficit: int = 0
    isolated_debt: int = 0
    curve: RateCurve = RateCurve()


class EModeCategory(msgspec.Struct, frozen=True):
    """Efficiency mode: its threshold and bonus replace a reserve's own where the bitmap has the reserve's id."""

    id: int
    ltv_bps: int = 0
    threshold_bps: int = 0
    bonus_bps: int = 0
    collateral_bitmap: int = 0
    borrowable_bitmap: int = 0
    ltv_zero_bitmap: int = 0


class AccountPosition(msgspec.Struct, frozen=True):
    """Scaled balances by asset (zero balances are absent), the user bitmap, and the e-mode category.

    In ``bitmap``, bit ``2 * id`` says that reserve ``id`` is borrowed, bit ``2 * id + 1`` that it serves as collateral.
    """

    supplied: Mapping[Address, int] = msgspec.field(default_factory=dict)
    borrowed: Mapping[Address, int] = msgspec.field(default_factory=dict)
    bitmap: int = 0
    emode: int = 0

    def uses_as_collateral(self, reserve_id: int) -> bool:
        return bool(self.bitmap >> (2 * reserve_id + 1) & 1)

    def borrows(self, reserve_id: int) -> bool:
        return bool(self.bitmap >> (2 * reserve_id) & 1)


class LendingState(msgspec.Struct, frozen=True):
    """The market whose pool contract is ``market``.

    ``prices_e8`` are the oracle's answers in its base currency (8 decimals where that is the US dollar).
    ``feeds`` maps an asset to the aggregator whose ``AnswerUpdated`` moves its price; an asset in ``polled`` has a
    price that no event announces, read again at every block. ``sentinel_allows`` is what the oracle sentinel answers
    about liquidations (always true without one).
    """

    market: Address
    provider: Address = ZERO_ADDRESS
    configurator: Address = ZERO_ADDRESS
    oracle: Address = ZERO_ADDRESS
    sentinel: Address = ZERO_ADDRESS
    sentinel_allows: bool = True
    flash_premium_bps: int = 0
    reserves: Mapping[Address, Reserve] = msgspec.field(default_factory=dict)
    emodes: Mapping[int, EModeCategory] = msgspec.field(default_factory=dict)
    accounts: Mapping[Address, AccountPosition] = msgspec.field(default_factory=dict)
    prices_e8: Mapping[Address, int] = msgspec.field(default_factory=dict)
    feeds: Mapping[Address, Address] = msgspec.field(default_factory=dict)
    polled: frozenset[Address] = frozenset()

    def with_reserve(self, reserve: Reserve) -> "LendingState":
        return msgspec.structs.replace(self, reserves={**self.reserves, reserve.asset: reserve})
