"""The one model of a block that every source fills and every analysis reads.

Amounts are ints in the token's smallest unit. ``order`` numbers the actions of one transaction in the order in which
they began; ``place`` is where the source has the action: the trace address, or the log's index in its transaction.
"""

from typing import Literal

import msgspec

from tallyio.core.units import Address, Hash32, address

NATIVE = Address("0x" + "ee" * 20)
"""Stands for the chain's own coin where a token is named (the spelling of ERC-7528)."""
WRAPPED_NATIVE: dict[int, Address] = {1: address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")}
"""The wrapped coin of each chain whose blocks can be inspected."""

Place = tuple[int, ...]


class Transfer(msgspec.Struct, frozen=True):
    """``amount`` of ``token`` as the sender's call or the token's event states it; ``NATIVE`` for the coin itself."""

    order: int
    token: Address
    sender: Address
    receiver: Address
    amount: int
    reverted: bool = False


class Swap(msgspec.Struct, frozen=True):
    """One exchange in one pool.

    ``amount_in`` is what the pool received and ``amount_out`` what it sent. ``amount_sent`` is what the payer's
    transfer said; a token that takes a fee on transfers makes it larger than ``amount_in``.
    """

    order: int
    place: Place
    protocol: str
    pool: Address
    payer: Address
    recipient: Address
    token_in: Address
    amount_in: int
    token_out: Address
    amount_out: int
    amount_sent: int
    reverted: bool = False


class Liquidation(msgspec.Struct, frozen=True):
    """A debt repaid for collateral. ``collateral_token`` is the token received: underlying, aToken or cToken.

    An amount is ``None`` where the source does not tell it (Comet takes a debt over in another event than collateral).
    """

    order: int
    place: Place
    protocol: str
    market: Address
    borrower: Address
    liquidator: Address
    debt_token: Address
    debt_amount: int | None
    collateral_token: Address
    received_amount: int | None
    reverted: bool = False


class LiquidityChange(msgspec.Struct, frozen=True):
    """Liquidity added to or taken from ``pool``: it moves reserves without a swap."""

    order: int
    place: Place
    protocol: str
    pool: Address
    added: bool
    reverted: bool = False


UnreadReason = Literal["token unknown", "amounts disagree", "not an exchange"]


class Unread(msgspec.Struct, frozen=True):
    """A call or event of a known protocol that could not be read as an exact action, and why."""

    place: Place
    protocol: str
    pool: Address
    reason: UnreadReason


class Reserves(msgspec.Struct, frozen=True):
    """A constant-product pair's reserves right after the action ``order``."""

    order: int
    pool: Address
    reserve0: int
    reserve1: int


class Concentrated(msgspec.Struct, frozen=True):
    """A concentrated pool's price, liquidity and tick right after the swap ``order``."""

    order: int
    pool: Address
    sqrt_price_x96: int
    liquidity: int
    tick: int


Action = Swap | Liquidation | LiquidityChange | Unread | Reserves | Concentrated


class Transaction(msgspec.Struct, frozen=True):
    """One transaction; what it did is in order. ``effective_gas_price`` in wei."""

    hash: Hash32
    index: int
    sender: Address
    to: Address | None
    succeeded: bool
    gas_used: int
    effective_gas_price: int
    transfers: tuple[Transfer, ...] = ()
    swaps: tuple[Swap, ...] = ()
    liquidations: tuple[Liquidation, ...] = ()
    liquidity: tuple[LiquidityChange, ...] = ()
    unread: tuple[Unread, ...] = ()
    reserves: tuple[Reserves, ...] = ()
    prices: tuple[Concentrated, ...] = ()


class PoolStorage(msgspec.Struct, frozen=True):
    """Storage words of one contract before the block; only what the block touched is there."""

    words: dict[int, int]


class BlockActivity(msgspec.Struct, frozen=True):
    """A block as the analyses see it.

    ``native_seen`` tells whether transfers of the coin inside transactions are among the transfers (traces have
    them, logs do not). ``base_fee`` is 0 before London and ``None`` where the source does not tell it.
    """

    number: int
    proposer: Address
    base_fee: int | None
    native: Address
    native_seen: bool
    transactions: tuple[Transaction, ...]
    storage: dict[Address, PoolStorage] = {}

    def same(self, token: Address) -> Address:
        """The wrapped coin for the coin itself, else ``token``: both are worth the same."""
        return self.native if token == NATIVE else token
