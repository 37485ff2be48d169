"""dYdX Solo: a withdrawal before a call and a deposit in one operation, which leaves two wei more than it took."""

from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.family import Refused
from tallyio.protocols.flash_loans.holders import read_holder
from tallyio.protocols.flash_loans.offer import Reading

_COUNT, _TOKEN = selector("getNumMarkets()"), selector("getMarketTokenAddress(uint256)")
_FLAT = 2


def read(solo: Address, token: Address) -> Reading:
    (answer,) = yield [(solo, _COUNT)]
    (count,) = answered(answer, 1, solo)
    answers = yield [(solo, calldata(_TOKEN, number)) for number in range(min(count, 256))]
    for number, told in enumerate(answers):
        if answered(told, 1, solo)[0] == int(token, 16):
            return (yield from read_holder("dydx_solo", solo, token, _FLAT, number))
    return Refused("it has no market of this token")
