"""dYdX Solo: a withdrawal before a call and a deposit in one operation, which leaves two wei more than it took."""

from collections.abc import Generator

from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.flash_loans.holders import read_holder
from tallyio.protocols.flash_loans.offer import Offer

_COUNT, _TOKEN = selector("getNumMarkets()"), selector("getMarketTokenAddress(uint256)")
_FLAT = 2


def read(solo: Address, token: Address) -> Generator[list[tuple[Address, bytes]], list[bytes | None], Offer | None]:
    (answer,) = yield [(solo, _COUNT)]
    (count,) = answered(answer, 1, solo)
    answers = yield [(solo, calldata(_TOKEN, number)) for number in range(min(count, 256))]
    for number, told in enumerate(answers):
        if answered(told, 1, solo)[0] == int(token, 16):
            return (yield from read_holder("dydx_solo", solo, token, _FLAT, number))
    return None
