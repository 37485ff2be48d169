"""Why an opportunity was not ours: one reason each, out of a closed list, the first that holds.

``RULES`` is the order of precedence. What our own attempt came to says more than what we could have seen, so it is
asked first, from the furthest an attempt can come; sight is asked where we had nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from tallyio.core.units import Address
from tallyio.reports.chances import Attempt, Chance, Sight, Stage, same
from tallyio.risk.reasons import Reason


class Why(StrEnum):
    """The closed list."""

    FOR_LESS = "taken for less"
    OTHER_ROUTE = "taken by another route"
    REVERTED = "reverted"
    TOO_LATE = "too late"
    REFUSED = "refused by the relays"
    OUTBID = "outbid"
    NOT_LANDED = "sent and not landed"
    SIMULATION_FAILED = "simulation failed"
    BELOW_MINIMUM = "below minimum"
    RISK = "risk"
    NOT_SENT = "found and not sent"
    PROTOCOL_UNKNOWN = "protocol unknown"
    POOL_UNKNOWN = "pool unknown"
    PATH_TOO_LONG = "path too long"
    NOT_FOUND = "not found"


PART, SENT, LATE, LEFT, UNSEEN = "taken in part", "sent and lost", "too late", "seen and left", "not seen"
GROUPS: Final[dict[Why, str]] = {
    Why.FOR_LESS: PART,
    Why.OTHER_ROUTE: PART,
    Why.REVERTED: SENT,
    Why.TOO_LATE: LATE,
    Why.REFUSED: SENT,
    Why.OUTBID: SENT,
    Why.NOT_LANDED: SENT,
    Why.SIMULATION_FAILED: LEFT,
    Why.BELOW_MINIMUM: LEFT,
    Why.RISK: LEFT,
    Why.NOT_SENT: LEFT,
    Why.PROTOCOL_UNKNOWN: UNSEEN,
    Why.POOL_UNKNOWN: UNSEEN,
    Why.PATH_TOO_LONG: UNSEEN,
    Why.NOT_FOUND: UNSEEN,
}
_SIMULATED: Final = (Reason.SIMULATION_FAILED, Reason.SIMULATION_BELOW_PREDICTION)


class Case(msgspec.Struct, frozen=True):
    """One chance that was not taken in full, with what we had (None: nothing) and could have seen. ``idle`` tells that
    we had nothing at all for its block, ``contested`` that a rival took another trade of our trade's bundle."""

    chance: Chance
    attempt: Attempt | None
    sight: Sight
    idle: bool = False
    contested: bool = False

    def landed_here(self) -> bool:
        ours, there = self.attempt, self.chance
        return ours is not None and ours.landed_block == there.block and ours.position <= there.position

    def late(self) -> bool:
        ours, there = self.attempt, self.chance
        if ours is None:
            return False
        missed = (ours.block, ours.position) > (there.block, there.position) or ours.stage is Stage.LANDED
        return missed or ours.reason == Reason.TOO_LATE

    def at(self, stage: Stage, *reasons: str) -> bool:
        ours = self.attempt
        return ours is not None and ours.stage is stage and (not reasons or ours.reason in reasons)

    def set_aside(self) -> bool:
        """Whether a token or pool was left out because of failures, and so nothing of ours was for this block."""
        ours = self.attempt
        return (ours is None or ours.block != self.chance.block) and bool(self.sight.set_aside(self.chance))

    def touches(self, what: Mapping[Address, str]) -> bool:
        return self.attempt is None and any(each in what for each in (*self.chance.pools, *self.chance.tokens))

    def too_long(self) -> bool:
        pools = self.chance.pools
        if self.attempt is not None or self.chance.borrower is not None:
            return False
        return len(pools) > self.sight.longest or len(set(pools)) < len(pools)

    def passes_by(self) -> bool:
        """Whether all tokens of a path are told and the anchor is none of them."""
        there, anchor = self.chance, self.sight.anchor
        told = there.borrower is None and len(there.tokens) >= len(there.pools)
        return told and anchor is not None and anchor not in there.tokens

    def too_small(self) -> bool:
        value = self.chance.value_wei
        return self.attempt is None and value is not None and value < self.sight.minimum_wei


RULES: Final[tuple[tuple[Why, Callable[[Case], bool]], ...]] = (
    (Why.FOR_LESS, lambda c: c.landed_here() and c.attempt is not None and same(c.chance, c.attempt)),
    (Why.OTHER_ROUTE, Case.landed_here),
    (Why.REVERTED, lambda c: c.at(Stage.REVERTED)),
    (Why.RISK, Case.set_aside),
    (Why.TOO_LATE, Case.late),
    (Why.REFUSED, lambda c: c.at(Stage.REFUSED)),
    (Why.OUTBID, lambda c: c.at(Stage.SENT) and (c.chance.rival is not None or c.contested)),
    (Why.NOT_LANDED, lambda c: c.at(Stage.SENT)),
    (Why.SIMULATION_FAILED, lambda c: c.at(Stage.DENIED, *_SIMULATED)),
    (Why.BELOW_MINIMUM, lambda c: c.at(Stage.DENIED, Reason.BELOW_MINIMUM)),
    (Why.RISK, lambda c: c.at(Stage.DENIED)),
    (Why.NOT_SENT, lambda c: c.at(Stage.FOUND)),
    (Why.PROTOCOL_UNKNOWN, lambda c: c.touches(c.sight.foreign)),
    (Why.POOL_UNKNOWN, lambda c: c.touches(c.sight.unknown)),
    (Why.PATH_TOO_LONG, Case.too_long),
    (Why.RISK, lambda c: c.touches(c.sight.untradable)),
    (Why.BELOW_MINIMUM, Case.too_small),
    (Why.NOT_FOUND, lambda c: True),
)
"""Reason and when it holds; two reasons stand more than once, for what the gate denied and what was not proposed."""


class Lost(msgspec.Struct, frozen=True):
    """``missing_wei`` is the part of the chance's value that was not ours: 0 where it has no price."""

    chance: Chance
    why: Why
    missing_wei: int
    detail: str = ""
    attempt: Attempt | None = None

    @property
    def group(self) -> str:
        return GROUPS[self.why]


class Loss(msgspec.Struct, frozen=True):
    """``unpriced`` of the ``count`` have no value that could be added to ``wei``."""

    count: int
    wei: int
    unpriced: int = 0


def lost(case: Case, missing_wei: int | None = None) -> Lost:
    """``case`` with its one reason. ``missing_wei`` is the chance's whole value unless given."""
    why = next(why for why, holds in RULES if holds(case))
    if missing_wei is None:
        missing_wei = max(0, case.chance.value_wei or 0)
    return Lost(case.chance, why, missing_wei, _detail(case, why), case.attempt)


def losses(all_lost: Iterable[Lost]) -> dict[Why, Loss]:
    """Every reason that occurs with its count and value, greatest loss first; they add up to all of ``all_lost``."""
    found: dict[Why, Loss] = {}
    for each in all_lost:
        was = found.get(each.why, Loss(0, 0))
        unpriced = was.unpriced + (each.chance.value_wei is None)
        found[each.why] = Loss(was.count + 1, was.wei + each.missing_wei, unpriced)
    return dict(sorted(found.items(), key=lambda item: (-item[1].wei, -item[1].count)))


def _detail(case: Case, why: Why) -> str:
    chance, ours, sight = case.chance, case.attempt, case.sight
    match why:
        case Why.PROTOCOL_UNKNOWN | Why.POOL_UNKNOWN:
            what = sight.foreign if why is Why.PROTOCOL_UNKNOWN else sight.unknown
            return _named(chance, what)
        case Why.PATH_TOO_LONG:
            hops, pools = len(chance.pools), len(set(chance.pools))
            return f"{hops} hops over {pools} pools; {sight.longest} at most, each pool once, are searched"
        case Why.OUTBID if ours and chance.rival:
            paid = "an unknown amount" if chance.rival.paid_wei is None else f"{chance.rival.paid_wei} wei"
            return f"the taker paid {paid} to the proposer, our bid was {ours.bid_wei} wei"
        case Why.OUTBID:
            return "the bundle did not land: somebody else took another trade of it"
        case Why.TOO_LATE if ours:
            if ours.landed_block is not None:
                return f"ours landed in block {ours.landed_block}"
            if ours.reason:
                return ours.detail
            return f"ours was for block {ours.block} behind {ours.position} transactions"
        case Why.RISK if case.set_aside():
            return _named(chance, sight.set_aside(chance))
        case Why.RISK | Why.BELOW_MINIMUM if ours:
            return f"{ours.reason}: {ours.detail}" if ours.detail else ours.reason
        case Why.RISK:
            return _named(chance, sight.untradable)
        case Why.BELOW_MINIMUM:
            return f"worth {chance.value_wei} wei, at least {sight.minimum_wei} is asked for"
        case Why.NOT_FOUND:
            if case.passes_by():
                return f"it does not pass through {sight.anchor}, in which all routes begin"
            return "nothing at all was found for this block" if case.idle else ""
        case Why.FOR_LESS | Why.OTHER_ROUTE if ours:
            return f"ours took {ours.value_wei} wei"
    return ours.detail if ours else ""


def _named(chance: Chance, what: Mapping[Address, str]) -> str:
    named = dict.fromkeys(each for each in (*chance.pools, *chance.tokens) if each in what)
    return ", ".join(f"{each} ({what[each]})" if what[each] else each for each in named)
