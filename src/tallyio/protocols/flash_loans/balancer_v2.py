"""Balancer v2's vault: ``flashLoan`` (FlashLoans.sol; ProtocolFeesCollector.getFlashLoanFeePercentage)."""

from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.family import Refused
from tallyio.protocols.dex.words import address_word
from tallyio.protocols.flash_loans.offer import NOTHING, Offer, Reading

_BALANCE, _COLLECTOR = selector("balanceOf(address)"), selector("getProtocolFeesCollector()")
_PAUSED, _FEE = selector("getPausedState()"), selector("getFlashLoanFeePercentage()")
_ONE = 10**18


def read(vault: Address, token: Address) -> Reading:
    """All that the vault holds, for the fee that governance set (none at first), rounded up."""
    answers = yield [(token, calldata(_BALANCE, int(vault, 16))), (vault, _COLLECTOR), (vault, _PAUSED)]
    (held,), (word,), (paused,) = (
        answered(answer, 1, target) for answer, target in zip(answers, (token, vault, vault), strict=True)
    )
    collector = address_word(word)
    (told,) = yield [(collector, _FEE)]
    (fee,) = answered(told, 1, collector)
    if paused or not held:
        return Refused("paused" if paused else NOTHING)
    return Offer("balancer_v2", vault, token, held, fee, _ONE)
