"""Actions of a transaction, sorted into its record."""

from tallyio.core.units import Address, Hash32
from tallyio.inspection.activity import (
    Action,
    Concentrated,
    Liquidation,
    LiquidityChange,
    Reserves,
    Swap,
    Transaction,
    Transfer,
    Unread,
)


def transaction(
    actions: list[Action],
    transfers: tuple[Transfer, ...],
    *,
    hash_: Hash32,
    index: int,
    sender: Address,
    to: Address | None,
    succeeded: bool,
    gas_used: int,
    effective_gas_price: int,
) -> Transaction:
    """The record of one transaction; of ``actions`` each goes where its type belongs, in order."""
    return Transaction(
        hash=hash_,
        index=index,
        sender=sender,
        to=to,
        succeeded=succeeded,
        gas_used=gas_used,
        effective_gas_price=effective_gas_price,
        transfers=transfers,
        swaps=tuple(a for a in actions if isinstance(a, Swap)),
        liquidations=tuple(a for a in actions if isinstance(a, Liquidation)),
        liquidity=tuple(a for a in actions if isinstance(a, LiquidityChange)),
        unread=tuple(a for a in actions if isinstance(a, Unread)),
        reserves=tuple(a for a in actions if isinstance(a, Reserves)),
        prices=tuple(a for a in actions if isinstance(a, Concentrated)),
    )
