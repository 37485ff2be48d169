"""What all venues share: the call that sells a token there, and the shape of their files."""

from collections.abc import Callable, Mapping
from math import isqrt

import msgspec

from tallyio.core.units import Address
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.world import Token, Venue, VenuePool

GAS = 9_000_000
DEPTH_USD = 2_000_000
"""Value of each token that a pool is filled with."""


class Order(msgspec.Struct, frozen=True):
    """``amount`` of a token to be sold at a pool of a venue, through the world's ``swapper``."""

    venue: Venue
    pool: VenuePool
    token_in: Address
    token_out: Address
    amount: int
    swapper: Address
    weth: Address

    @property
    def places(self) -> tuple[int, int]:
        """Of the token sold and the one bought among the pool's."""
        return self.pool.tokens.index(self.token_in), self.pool.tokens.index(self.token_out)


class Sale(msgspec.Struct, frozen=True):
    """The swapper calls ``target`` with ``data`` and ``value_wei``, once ``paid`` has the tokens (empty: it pays
    itself when asked, or ``target`` takes them)."""

    target: Address
    data: bytes
    paid: Address = Address("")
    value_wei: int = 0


class Builder(msgspec.Struct, frozen=True):
    """What a venue is made with. ``provider`` has every token in plenty."""

    session: Session
    tokens: Mapping[str, Token]
    provider: Account
    swapper: Address

    def sorted(self, symbols: tuple[str, ...]) -> list[Token]:
        return sorted((self.tokens[symbol] for symbol in symbols), key=lambda token: token.address)


Deploy = Callable[[Builder], tuple[Venue, ...]]
Sell = Callable[[Order], Sale]


def even(amounts: list[int], tokens: list[Token]) -> list[int]:
    """As many whole tokens of each as there are of the scarcest."""
    whole = min(amount // 10**token.decimals for amount, token in zip(amounts, tokens, strict=True))
    return [whole * 10**token.decimals for token in tokens]


def sqrt_price_x96(token0: Token, token1: Token) -> int:
    """At the first prices, token1 for token0 in their smallest units."""
    value_e8 = 10**17
    return isqrt((token1.amount(value_e8) << 192) // token0.amount(value_e8))
