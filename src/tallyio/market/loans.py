"""What can be borrowed within a transaction: the offers of a chain's lenders, read again when an event moves them."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import structlog

from tallyio.core.chain import NewBlock
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.market.reading import Read, answers_of
from tallyio.protocols.dex.family import Call
from tallyio.protocols.flash_loans.lenders import Lender, moves
from tallyio.protocols.flash_loans.offer import Offer, Reading

log = structlog.get_logger()

_Key = tuple[Lender, Address]


class LoanBook:
    """Offers of ``lenders`` by token. ``passed_over`` says of the others why they lend nothing."""

    def __init__(self, lenders: Iterable[Lender], tokens: Iterable[Address]) -> None:
        self._lenders = tuple(lenders)
        self._tokens = dict.fromkeys(tokens)
        self._addresses = frozenset(lender.address for lender in self._lenders)
        self._offers: dict[Address, tuple[Offer, ...]] = {}
        self._stale = bool(self._lenders)
        self.passed_over: dict[_Key, str] = {}

    @property
    def offers(self) -> Mapping[Address, Sequence[Offer]]:
        """A picture that later readings leave as it is."""
        return MappingProxyType(self._offers)

    def follow(self, tokens: Iterable[Address]) -> None:
        """Tokens that may be borrowed as well."""
        new = [token for token in tokens if token not in self._tokens]
        self._tokens.update(dict.fromkeys(new))
        self._stale |= bool(new and self._lenders)

    def apply(self, event: NewBlock) -> None:
        self._stale |= any(moves(entry, self._addresses) for entry in event.logs) if self._lenders else False

    def rewind(self) -> None:
        self._stale = bool(self._lenders)

    async def settle(self, read: Read, block: int) -> None:
        """Asks every lender for every token, where anything may have changed. Raises ``OutOfReachError``."""
        if not self._stale:
            return
        found: dict[_Key, Offer] = {}
        refused: dict[_Key, str] = {}
        open_: dict[_Key, tuple[Reading, list[Call]]] = {}
        for lender in self._lenders:
            for token in self._tokens:
                _step((lender, token), lender.read(token), None, open_, found, refused)
        while open_:
            asked, open_ = open_, {}
            answers = iter(await answers_of(read, [call for _, calls in asked.values() for call in calls], block))
            for key, (reading, calls) in asked.items():
                _step(key, reading, [next(answers) for _ in calls], open_, found, refused)
        self._offers = {
            token: tuple(found[lender, token] for lender in self._lenders if (lender, token) in found)
            for token in self._tokens
        }
        for key, reason in refused.items():
            if self.passed_over.get(key) != reason:
                log.info("lender passed over", lender=key[0].address, source=key[0].source, token=key[1], reason=reason)
        self.passed_over, self._stale = refused, False


def _step(
    key: _Key,
    reading: Reading,
    answers: list[bytes | None] | None,
    open_: dict[_Key, tuple[Reading, list[Call]]],
    found: dict[_Key, Offer],
    refused: dict[_Key, str],
) -> None:
    """Takes one reading on to its next round, or to its end."""
    try:
        open_[key] = (reading, reading.send(answers) if answers is not None else next(reading))
    except StopIteration as end:
        if isinstance(end.value, Offer):
            found[key] = end.value
        else:
            refused[key] = end.value.reason
    except ChainDataError as e:
        refused[key] = e.message
