"""What became of each of our offers in a block: one fate each."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from tallyio.backtest.competition.base import RivalBid, Rivals, contested
from tallyio.backtest.competition.inclusion import Inclusion
from tallyio.backtest.study.records import BlockResult, Offer


class Fate(StrEnum):
    """The closed list, in the order in which the reasons are asked for."""

    UNKNOWN = "state unknown"
    DENIED = "denied by the gate"
    UNSEEN = "too late"
    CONFLICTING = "conflicting"
    OUTBID = "outbid"
    NOT_INCLUDED = "not included"
    WON = "won"


class Settled(msgspec.Struct, frozen=True):
    """``rival`` is who bid against it, where it came to that."""

    offer: Offer
    fate: Fate
    rival: RivalBid | None = None

    @property
    def earned_wei(self) -> int:
        """A bundle that is not in the block costs nothing."""
        return self.offer.net_wei if self.fate is Fate.WON else 0


ASSUMPTIONS = (
    "A bundle is in the block whole, right behind what caused it, or costs nothing.",
    (
        "Of offers over a common pool, or for what one rival took, only the one that leaves most is sent: each pool, "
        "and each rival's opportunity, is counted once a block."
    ),
    "We win when our payment to the proposer (bid and tip) exceeds the strongest rival's.",
    "What we trade changes no other transaction of the block and no later block.",
    "Our gas is priced at the block's base fee and our tip. Only pools that the archived block touches are known.",
)


def settle(block: BlockResult, offers: Sequence[Offer], rivals: Rivals, inclusion: Inclusion) -> list[Settled]:
    """A fate for each of ``offers``, in their order."""
    fates: dict[int, Settled] = {}
    spoken_for: set[str] = set()
    for place in sorted(range(len(offers)), key=lambda i: (-offers[i].net_wei, offers[i].position, offers[i].id)):
        offer = offers[place]
        fates[place] = Settled(offer, Fate.CONFLICTING)
        if offer.unknown:
            fates[place] = Settled(offer, Fate.UNKNOWN)
        elif not offer.approved:
            fates[place] = Settled(offer, Fate.DENIED)
        elif not inclusion.seen(block.chain_id, block.number, offer.position):
            fates[place] = Settled(offer, Fate.UNSEEN)
        else:
            taking = contested(block, offer)
            wanted = {*offer.pools, taking.transaction} if taking else {*offer.pools}
            if spoken_for.isdisjoint(wanted):
                fates[place] = _contest(block, offer, rivals, inclusion)
                spoken_for |= wanted
    return [fates[place] for place in range(len(offers))]


def _contest(block: BlockResult, offer: Offer, rivals: Rivals, inclusion: Inclusion) -> Settled:
    rival = rivals.strongest(block, offer)
    if rival is not None and offer.to_proposer_wei <= rival.wei:
        return Settled(offer, Fate.OUTBID, rival)
    reached = inclusion.reached(block.chain_id, block.number)
    return Settled(offer, Fate.WON if reached else Fate.NOT_INCLUDED, rival)
