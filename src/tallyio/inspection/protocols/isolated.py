"""Lending whose events tell a liquidation whole: Morpho Blue and Comet (Compound v3)."""

from tallyio.inspection.abi import as_account, topic, word
from tallyio.inspection.activity import Action, Liquidation, Unread
from tallyio.inspection.protocols.flow import swap_between
from tallyio.inspection.reading import Event, EventReader, Reading

MORPHO, COMET = "morpho", "comet"


def morpho_event(event: Event, reading: Reading) -> list[Action]:
    """``Liquidate(id, caller, borrower, repaidAssets, repaidShares, seizedAssets, badDebtAssets, badDebtShares)``.

    The market's tokens are named by the transfers of just these amounts.
    """
    liquidator, borrower = as_account(int(event.topics[2], 16)), as_account(int(event.topics[3], 16))
    repaid, seized = word(event.data, 0), word(event.data, 2)
    paid = reading.exact(repaid, event.order, to=event.address)
    out = reading.exact(seized, event.order, by=event.address)
    if paid is None or out is None:
        return [Unread(event.place, MORPHO, event.address, "token unknown")]
    return [
        Liquidation(
            event.order, event.place, MORPHO, event.address, borrower, liquidator, paid.token, repaid, out.token, seized
        )
    ]


def absorb_event(event: Event, _: Reading) -> list[Action]:
    """``AbsorbCollateral(absorber, borrower, asset, collateralAbsorbed, usdValue)``: the protocol takes it itself.

    Whoever buys it from the protocol does so by ``BuyCollateral``, a trade of its own.
    """
    absorber, borrower, asset = (as_account(int(event.topics[i], 16)) for i in range(1, 4))
    return [
        Liquidation(
            event.order,
            event.place,
            COMET,
            event.address,
            borrower,
            absorber,
            event.address,
            None,
            asset,
            word(event.data, 0),
        )
    ]


def buy_event(event: Event, reading: Reading) -> list[Action]:
    """``BuyCollateral(buyer, asset, baseAmount, collateralAmount)``: a trade with the protocol, base for collateral."""
    paid = reading.exact(word(event.data, 0), event.order, to=event.address)
    if paid is None:
        return [Unread(event.place, COMET, event.address, "token unknown")]
    tokens = (paid.token, as_account(int(event.topics[2], 16)))
    return swap_between(event, reading, COMET, word(event.data, 0), word(event.data, 1), tokens=tokens)


EVENTS: dict[str, EventReader] = {
    topic("Liquidate(bytes32,address,address,uint256,uint256,uint256,uint256,uint256)"): morpho_event,
    topic("AbsorbCollateral(address,address,address,uint256,uint256)"): absorb_event,
    topic("BuyCollateral(address,address,uint256,uint256)"): buy_event,
}
