"""Arithmetic of an Aave v3.6 liquidation, from the contract's rules (aave-v3-origin 3.6.0, LiquidationLogic,
GenericLogic, TokenMath, PercentageMath); every rounding direction is the contract's.

Amounts are in an asset's smallest unit, values in the oracle's base currency (USD with 8 decimals), indices in ray.
"""

from collections.abc import Iterator

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import BPS, UINT256_MAX, Address

RAY = 10**27
WAD = 10**18
YEAR_SECONDS = 365 * 86_400
HALF_CLOSE_ABOVE = 95 * 10**16
"""Above this health factor, large positions may be closed by half only."""
LARGE_POSITION = 2_000 * 10**8
LEAST_LEFTOVER = LARGE_POSITION // 2


class Reserve(msgspec.Struct, frozen=True):
    """One asset as of the liquidation's timestamp: indices include the interest until then."""

    asset: Address
    id: int
    unit: int
    threshold_bps: int
    bonus_bps: int
    protocol_fee_bps: int
    liquidatable: bool
    price: int
    supply_index: int
    debt_index: int
    available: int


class EMode(msgspec.Struct, frozen=True):
    threshold_bps: int
    bonus_bps: int
    collateral_bitmap: int


class Account(msgspec.Struct, frozen=True):
    """Scaled balances by asset; ``flags`` is Aave's bitmap (borrowed, used as collateral: two bits a reserve)."""

    user: Address
    flags: int
    e_mode: int
    supplied: dict[Address, int]
    borrowed: dict[Address, int]


class Market(msgspec.Struct, frozen=True):
    reserves: dict[Address, Reserve]
    e_modes: dict[int, EMode]
    accounts: dict[Address, Account]
    liquidation_allowed: bool = True


class Liquidation(msgspec.Struct, frozen=True):
    debt_paid: int
    collateral_received: int
    protocol_fee: int
    after: Account


def ray_mul(a: int, b: int) -> int:
    return (a * b + RAY // 2) // RAY


def _ray_mul_up(a: int, b: int) -> int:
    return -(-a * b // RAY)


def _div_up(a: int, b: int) -> int:
    return -(-a // b)


def _percent(value: int, bps: int) -> int:
    return (value * bps + BPS // 2) // BPS


def grown_supply_index(index: int, rate: int, seconds: int) -> int:
    """Linear interest since the reserve was last touched."""
    return ray_mul(RAY + rate * seconds // YEAR_SECONDS, index) if seconds else index


def grown_debt_index(index: int, rate: int, seconds: int) -> int:
    """Interest compounded by the second, as the contract's series of three terms."""
    if not seconds:
        return index
    x = rate * seconds // YEAR_SECONDS
    return ray_mul(RAY + x + ray_mul(x, x // 2 + ray_mul(x, x // 6)), index)


def supply_of(account: Account, reserve: Reserve) -> int:
    return account.supplied.get(reserve.asset, 0) * reserve.supply_index // RAY


def debt_of(account: Account, reserve: Reserve) -> int:
    return _ray_mul_up(account.borrowed.get(reserve.asset, 0), reserve.debt_index)


def is_borrowed(account: Account, reserve: Reserve) -> bool:
    return account.flags >> (2 * reserve.id) & 1 == 1


def is_collateral(account: Account, reserve: Reserve) -> bool:
    return account.flags >> (2 * reserve.id + 1) & 1 == 1


def _in_e_mode(market: Market, account: Account, reserve: Reserve) -> EMode | None:
    mode = market.e_modes.get(account.e_mode) if account.e_mode else None
    return mode if mode is not None and mode.collateral_bitmap >> reserve.id & 1 else None


def _bonus(market: Market, account: Account, reserve: Reserve) -> int:
    mode = _in_e_mode(market, account, reserve)
    return mode.bonus_bps if mode else reserve.bonus_bps


def _collateral_value(account: Account, reserve: Reserve) -> int:
    return supply_of(account, reserve) * reserve.price // reserve.unit


def _debt_value(account: Account, reserve: Reserve) -> int:
    return _div_up(debt_of(account, reserve) * reserve.price, reserve.unit)


def totals(market: Market, account: Account) -> tuple[int, int, int]:
    """(collateral value, debt value, health factor in wad; 2^256-1 without debt)."""
    collateral, debt, weighted = 0, 0, 0
    for reserve in market.reserves.values():
        if is_collateral(account, reserve):
            value = _collateral_value(account, reserve)
            mode = _in_e_mode(market, account, reserve)
            collateral += value
            weighted += value * (mode.threshold_bps if mode else reserve.threshold_bps)
        if is_borrowed(account, reserve):
            debt += _debt_value(account, reserve)
    return collateral, debt, (weighted * WAD + debt // 2) // debt // BPS if debt else UINT256_MAX


def pairs(market: Market, account: Account) -> Iterator[tuple[Reserve, Reserve]]:
    """(collateral, debt) pairs that the contract would accept from an unhealthy account."""
    for collateral in market.reserves.values():
        if is_collateral(account, collateral) and supply_of(account, collateral) and collateral.liquidatable:
            for debt in market.reserves.values():
                if debt_of(account, debt) and debt.liquidatable:
                    yield collateral, debt


def most_debt(market: Market, account: Account, collateral: Reserve, debt: Reserve) -> int:
    """The close factor: all of the debt; half of all that is owed where both sides are large and health is near one."""
    owed = debt_of(account, debt)
    _, total_debt, health = totals(market, account)
    value = _debt_value(account, debt)
    large = _collateral_value(account, collateral) >= LARGE_POSITION and value >= LARGE_POSITION
    if large and health > HALF_CLOSE_ABOVE:
        half = _percent(total_debt, BPS // 2)
        if value > half:
            return half * debt.unit // debt.price
    return owed


def _seized(collateral: Reserve, debt: Reserve, cover: int, balance: int, bonus: int) -> tuple[int, int, int]:
    """(collateral taken with the protocol's share, debt it pays, the protocol's share)."""
    taken = _percent(debt.price * cover * collateral.unit // (collateral.price * debt.unit), bonus)
    if taken > balance:
        taken = balance
        worth = collateral.price * taken * debt.unit // (debt.price * collateral.unit)
        cover = _div_up(worth * BPS, bonus)
    fee = 0
    if collateral.protocol_fee_bps:
        fee = _percent(taken - (taken * BPS + bonus // 2) // bonus, collateral.protocol_fee_bps)
    return taken, cover, fee


def leaves_dust(collateral: Reserve, debt: Reserve, collateral_left: int, debt_left: int) -> bool:
    if not collateral_left or not debt_left:
        return False
    return (
        _div_up(debt_left * debt.price, debt.unit) < LEAST_LEFTOVER
        or collateral_left * collateral.price // collateral.unit < LEAST_LEFTOVER
    )


def clean_limit(market: Market, account: Account, collateral: Reserve, debt: Reserve, most: int) -> int:
    """The largest amount up to ``most`` that leaves more than dust on both sides; 0 if there is none."""
    owed, balance = debt_of(account, debt), supply_of(account, collateral)
    bonus = _bonus(market, account, collateral)

    def clean(cover: int) -> bool:
        taken, paid, _ = _seized(collateral, debt, cover, balance, bonus)
        return balance > taken and owed > paid and not leaves_dust(collateral, debt, balance - taken, owed - paid)

    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if clean(middle) else (low, middle - 1)
    return low


def liquidate(market: Market, account: Account, collateral: Reserve, debt: Reserve, cover: int) -> Liquidation:
    """What ``liquidationCall`` with ``debtToCover = cover`` does. ``ChainDataError`` where it would revert."""
    total_collateral, _, health = totals(market, account)
    if health >= WAD:
        raise ChainDataError(f"health factor {health} is not below one")
    if not (market.liquidation_allowed or health < HALF_CLOSE_ABOVE):
        raise ChainDataError("the oracle sentinel forbids liquidations")
    if not (collateral.liquidatable and debt.liquidatable and is_collateral(account, collateral)):
        raise ChainDataError("reserve is paused, inactive, in its grace period, or no collateral of the account")
    owed, balance = debt_of(account, debt), supply_of(account, collateral)
    if not owed or cover <= 0:
        raise ChainDataError("nothing to cover")
    cover = min(cover, most_debt(market, account, collateral, debt))
    taken, paid, fee = _seized(collateral, debt, cover, balance, _bonus(market, account, collateral))
    if leaves_dust(collateral, debt, balance - taken, owed - paid):
        raise ChainDataError("would leave dust")
    if taken - fee > collateral.available:
        raise ChainDataError("the reserve's liquidity is lent out")
    if paid > owed:
        raise ChainDataError("would pay more than is owed")
    no_collateral_left = total_collateral == taken * collateral.price // collateral.unit
    after = _after(account, collateral, debt, (taken, paid, fee), no_collateral_left)
    return Liquidation(paid, taken - fee, fee, after)


def _after(
    account: Account, collateral: Reserve, debt: Reserve, amounts: tuple[int, int, int], no_collateral_left: bool
) -> Account:
    taken, paid, fee = amounts
    owed, balance, flags = debt_of(account, debt), supply_of(account, collateral), account.flags
    if taken == balance:
        flags &= ~(2 << 2 * collateral.id)
    burnt = (owed if no_collateral_left else paid) * RAY // debt.debt_index
    borrowed = dict(account.borrowed)
    borrowed[debt.asset] = max(0, borrowed[debt.asset] - burnt)
    if not borrowed[debt.asset]:
        flags &= ~(1 << 2 * debt.id)
    if no_collateral_left:
        # What no collateral backs any more becomes the protocol's deficit.
        borrowed = dict.fromkeys(borrowed, 0)
        flags &= int("10" * 128, 2)
    supplied = dict(account.supplied)
    index = collateral.supply_index
    supplied[collateral.asset] -= _div_up((taken - fee) * RAY, index)
    supplied[collateral.asset] -= min(_div_up(fee * RAY, index), supplied[collateral.asset])
    return Account(account.user, flags, account.e_mode, supplied, borrowed)
