"""What a lender offers, and the cheapest offers for an amount."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import Final

import msgspec

from tallyio.core.errors import BugError, ChainDataError
from tallyio.core.trade import FlashLoan
from tallyio.core.units import Address
from tallyio.protocols.dex.family import Refused

MOST_NESTED: Final = 3
"""Loans that are combined at most: each costs about 80,000 gas more."""

NOTHING: Final = "it holds nothing of this token"
Reading = Generator[list[tuple[Address, bytes]], list[bytes | None], "Offer | Refused"]


class Offer(msgspec.Struct, frozen=True):
    """``market`` lends up to ``available`` of ``token``, in its smallest units.

    An amount costs ``numerator / denominator`` of it, rounded up (``half_up``: to the nearest), and ``flat`` beside.
    """

    source: str
    market: Address
    token: Address
    available: int
    numerator: int = 0
    denominator: int = 1
    flat: int = 0
    half_up: bool = False
    argument: int = 0

    def premium(self, amount: int) -> int:
        """What the lender wants beside ``amount``, to the wei."""
        add = self.denominator // 2 if self.half_up else self.denominator - 1
        return (amount * self.numerator + add) // self.denominator + self.flat

    def loan(self, amount: int) -> FlashLoan:
        return FlashLoan(self.market, self.token, amount, self.premium(amount), self.source, self.argument)

    def below_a_step(self) -> int:
        """The most below ``available`` that costs a wei less; 0 where there is none."""
        if not self.numerator:
            return 0
        wanted = self.premium(self.available) - self.flat - 1
        room = self.denominator - 1 - self.denominator // 2 if self.half_up else 0
        return max(0, (wanted * self.denominator + room) // self.numerator)


def cheapest(
    token: Address, amount: int, offers: Iterable[Offer], beside: Callable[[Offer], int] = lambda _: 0
) -> tuple[FlashLoan, ...]:
    """The loans of ``amount`` of ``token`` together that cost least, at most ``MOST_NESTED``; of equal ones the
    fewest. What they cost is the sum of their premiums, to the wei, and of what each costs ``beside`` (its gas, in
    units of the token). Each premium is rounded by itself, so that another division may cost less by a wei for each
    loan, and by no more: a single lender is always the cheapest single one.

    Raises ``ChainDataError`` when so many do not lend so much.
    """
    if amount <= 0:
        raise BugError(f"a loan of {amount}, expected a positive amount")
    known = sorted({each for each in offers if each.token == token and each.available > 0}, key=_order)
    found = None
    for count in range(1, min(MOST_NESTED, len(known)) + 1):
        for chosen in combinations(known, count):
            for amounts in _divisions(chosen, amount):
                total = sum(offer.premium(part) + beside(offer) for offer, part in zip(chosen, amounts, strict=True))
                if found is None or total < found[0]:
                    found = total, chosen, amounts
        if found is not None and found[0] == 0:
            break
    if found is None:
        most = sum(sorted((each.available for each in known), reverse=True)[:MOST_NESTED])
        raise ChainDataError(f"{amount} of {token} cannot be borrowed: {MOST_NESTED} lenders have {most} together")
    return tuple(offer.loan(part) for offer, part in zip(*found[1:], strict=True))


def _divisions(chosen: Sequence[Offer], amount: int) -> Iterator[tuple[int, ...]]:
    """All but one lend what they have, or the most that costs a wei less; that one lends the rest."""
    if sum(each.available for each in chosen) < amount:
        return
    for rest in range(len(chosen)):
        whole = [(0,) if i == rest else (each.available, each.below_a_step()) for i, each in enumerate(chosen)]
        for amounts in product(*whole):
            left = amount - sum(amounts)
            if 0 < left <= chosen[rest].available and all(n for i, n in enumerate(amounts) if i != rest):
                yield tuple(left if i == rest else n for i, n in enumerate(amounts))


def _order(offer: Offer) -> tuple[object, ...]:
    """Of equal ones the deeper first; the rest only makes the choice the same each time."""
    return -offer.available, offer.source, offer.market, offer.argument
