"""What can be borrowed within a transaction: the offers of a chain's lenders, read again when an event moves them."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import structlog

from tallyio.core.chain import NewBlock
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.market.reading import Read, answers_of
from tallyio.protocols.dex.family import Call
from tallyio.protocols.flash_loans.lenders import Lender, changes_terms, parties
from tallyio.protocols.flash_loans.offer import Offer, Reading

log = structlog.get_logger()

_Key = tuple[Lender, Address]


class LoanBook:
    """Offers of ``lenders`` by token. ``passed_over`` says of the others why they lend nothing."""

    def __init__(self, lenders: Iterable[Lender], tokens: Iterable[Address]) -> None:
        self._lenders = tuple(lenders)
        self._tokens = dict.fromkeys(tokens)
        self._by_address = {lender.address: lender for lender in self._lenders}
        self._found: dict[_Key, Offer] = {}
        self._stale: set[_Key] = set()
        self._offers: dict[Address, tuple[Offer, ...]] = {}
        self.passed_over: dict[_Key, str] = {}
        self.rewind()

    @property
    def offers(self) -> Mapping[Address, Sequence[Offer]]:
        """A picture that later readings leave as it is."""
        return MappingProxyType(self._offers)

    def follow(self, tokens: Iterable[Address]) -> None:
        """Tokens that may be borrowed as well."""
        for token in tokens:
            if token not in self._tokens:
                self._tokens[token] = None
                self._stale.update((lender, token) for lender in self._lenders)

    def apply(self, event: NewBlock) -> None:
        for entry in event.logs if self._lenders else ():
            if changes_terms(entry):
                self.rewind()
            elif entry.address in self._tokens:
                moved = (self._by_address.get(party) for party in parties(entry))
                self._stale.update((lender, entry.address) for lender in moved if lender is not None)

    def rewind(self) -> None:
        """What was read may not hold any more."""
        self._stale.update((lender, token) for lender in self._lenders for token in self._tokens)

    async def settle(self, read: Read, block: int) -> None:
        """Asks the lenders again for what may have changed. Raises ``OutOfReachError``."""
        if not self._stale:
            return
        found: dict[_Key, Offer] = {}
        refused: dict[_Key, str] = {}
        open_: dict[_Key, tuple[Reading, list[Call]]] = {}
        for key in sorted(self._stale, key=lambda key: (key[0].address, key[1])):
            _step(key, key[0].read(key[1]), None, open_, found, refused)
        while open_:
            asked, open_ = open_, {}
            answers = iter(await answers_of(read, [call for _, calls in asked.values() for call in calls], block))
            for key, (reading, calls) in asked.items():
                _step(key, reading, [next(answers) for _ in calls], open_, found, refused)
        for key in self._stale:
            lent = self._found.pop(key, None)
            self.passed_over.pop(key, None)
            if key in refused and lent is not None:
                lender, token = key
                log.warning("lender passed over", lender=lender.address, token=token, reason=refused[key])
        self._found |= found
        self.passed_over |= refused
        self._stale.clear()
        self._offers = {
            token: tuple(self._found[lender, token] for lender in self._lenders if (lender, token) in self._found)
            for token in self._tokens
        }


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
