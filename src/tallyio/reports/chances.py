"""What is asked about: an opportunity that stood on the chain, who took it, and what we had instead.

Replay and the live journal fill the same records; amounts are wei of the chain's coin unless a field says otherwise.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from tallyio.core.units import Address
from tallyio.market.suspicion import Aside


class Rival(msgspec.Struct, frozen=True):
    """Who really took it. ``paid_wei`` went to the proposer; None where the source does not show it."""

    taker: Address
    transaction: str
    position: int
    gross_wei: int | None
    paid_wei: int | None


class Chance(msgspec.Struct, frozen=True):
    """One opportunity of ``block`` after ``position`` of its transactions.

    ``pools`` are its path in order (of a liquidation its market, or the pools of its swaps), ``tokens`` and ``amounts``
    what went into each hop. ``value_wei`` is what it was worth after gas at the base fee and before any payment to the
    proposer; None where it has no price.
    """

    block: int
    position: int
    kind: str
    pools: tuple[Address, ...]
    value_wei: int | None
    tokens: tuple[Address, ...] = ()
    amounts: tuple[int, ...] = ()
    borrower: Address | None = None
    rival: Rival | None = None


class Stage(StrEnum):
    """How far an attempt of ours came."""

    FOUND = "found"
    DENIED = "denied"
    REFUSED = "refused"
    SENT = "sent"
    REVERTED = "reverted"
    LANDED = "landed"


class Attempt(msgspec.Struct, frozen=True):
    """What we had. It aimed at ``block`` behind ``position`` of its transactions and, where it landed, did so in
    ``landed_block`` and took ``value_wei`` (as a ``Chance`` counts it); else that is the gross that it was to bring.

    ``reason`` is the gate's where it was denied; ``bid_wei`` what it offered the proposer; ``bundles`` those that it
    travelled in, which land whole or not at all.
    """

    opportunity_id: str
    stage: Stage
    block: int
    position: int
    pools: tuple[Address, ...]
    value_wei: int
    borrower: Address | None = None
    landed_block: int | None = None
    reason: str = ""
    detail: str = ""
    bid_wei: int = 0
    bundles: frozenset[str] = frozenset()


class Sight(msgspec.Struct, frozen=True):
    """What we could have seen; addresses are mapped to what is known about why.

    ``foreign`` contracts belong to no protocol that is known, ``unknown`` ones to a known protocol but not to the
    market, or not with a state that can be priced; no route may touch ``untradable`` tokens and pools. ``longest`` is
    the most hops that are searched, ``minimum_wei`` the least value that is proposed, ``anchor`` the token that every
    route begins and ends with (None: any). ``aside`` has what was known to fail then, by pool.
    """

    foreign: Mapping[Address, str] = {}
    unknown: Mapping[Address, str] = {}
    untradable: Mapping[Address, str] = {}
    longest: int = 4
    minimum_wei: int = 0
    anchor: Address | None = None
    aside: Mapping[Address, Sequence[Aside]] = {}

    def set_aside(self, chance: Chance) -> dict[Address, str]:
        """The pools of ``chance`` that were left out of all trades for its block, with the reason."""
        periods = [(pool, each) for pool in chance.pools for each in self.aside.get(pool, ())]
        return {pool: each.reason for pool, each in periods if each.first <= chance.block <= each.last}


def same(chance: Chance, attempt: Attempt) -> bool:
    """Whether both are one opportunity: the same account, else the same pools."""
    if chance.borrower is not None or attempt.borrower is not None:
        return chance.borrower == attempt.borrower
    return set(chance.pools) == set(attempt.pools)
