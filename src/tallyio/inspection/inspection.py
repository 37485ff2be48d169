"""All that is known to have happened in one block."""

import msgspec

from tallyio.inspection.activity import BlockActivity
from tallyio.inspection.arbitrage import Arbitrage, arbitrages
from tallyio.inspection.backrun import Backrun, backruns
from tallyio.inspection.liquidation import Liquidated, liquidations
from tallyio.inspection.payment import Payment, payment
from tallyio.inspection.sandwich import Sandwich, sandwiches


class Inspection(msgspec.Struct, frozen=True):
    """``payments`` has one entry a transaction, in order."""

    block: BlockActivity
    arbitrages: list[Arbitrage]
    liquidations: list[Liquidated]
    backruns: list[Backrun]
    sandwiches: list[Sandwich]
    payments: list[Payment]


def inspect(block: BlockActivity) -> Inspection:
    """Every analysis over ``block``."""
    found = arbitrages(block)
    return Inspection(
        block=block,
        arbitrages=found,
        liquidations=liquidations(block),
        backruns=backruns(block, found),
        sandwiches=sandwiches(block),
        payments=[payment(block, tx) for tx in block.transactions],
    )
