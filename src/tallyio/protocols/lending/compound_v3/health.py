"""Whether a Comet account may borrow, may be absorbed, and what its collateral sells for."""

from tallyio.protocols.lending.compound_v3.interest import indices, present
from tallyio.protocols.lending.compound_v3.model import FACTOR, INDEX, Account, Market


def liquidity(market: Market, account: Account, *, to_liquidate: bool) -> int:
    """Collateral by its factors less the debt (1e8); counting stops where the debt is covered, as the contract does."""
    value = -(-present(market, account.principal) * market.base_price // market.rules.base_scale)
    for asset, collateral in enumerate(market.collaterals):
        if account.holds(asset):
            if value >= 0:
                return value
            worth = account.collateral[asset] * collateral.price // collateral.scale
            value += worth * (collateral.liquidate_factor if to_liquidate else collateral.borrow_factor) // FACTOR
    return value


def is_liquidatable(market: Market, account: Account) -> bool:
    return account.principal < 0 and liquidity(market, account, to_liquidate=True) < 0


def is_borrow_collateralized(market: Market, account: Account) -> bool:
    return account.principal >= 0 or liquidity(market, account, to_liquidate=False) >= 0


def supplied(market: Market, account: Account, now: int) -> int:
    """What the account lent, with interest to ``now``."""
    return max(account.principal, 0) * indices(market, now)[0] // INDEX


def borrowed(market: Market, account: Account, now: int) -> int:
    """What the account owes, with interest to ``now``."""
    return max(-account.principal, 0) * indices(market, now)[1] // INDEX


def reserves(market: Market, now: int) -> int:
    """What the protocol owns of the base token; below zero where it owes."""
    supply_index, borrow_index = indices(market, now)
    lent, owed = market.total_supply * supply_index // INDEX, market.total_borrow * borrow_index // INDEX
    return market.base_balance - lent + owed


def collateral_reserves(market: Market, asset: int) -> int:
    """What the protocol has for sale of a collateral."""
    return market.collaterals[asset].balance - market.collaterals[asset].total


def quote_collateral(market: Market, asset: int, base_amount: int) -> int:
    """Collateral that ``base_amount`` buys, at the discount of absorbed collateral."""
    collateral, rules = market.collaterals[asset], market.rules
    discount = rules.store_front_factor * (FACTOR - collateral.liquidation_factor) // FACTOR
    price = collateral.price * (FACTOR - discount) // FACTOR
    return market.base_price * base_amount * collateral.scale // price // rules.base_scale
