"""Which of our attempts was for which opportunity; what was not taken in full is lost, with its one reason."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tallyio.reports.chances import Attempt, Chance, Sight, Stage, same
from tallyio.reports.why_lost import Case, Lost, Why, lost

LATE_WITHIN = 3
"""An opportunity that we find this many blocks later counts as found too late."""
_FURTHEST = list(Stage)


class Verdict(msgspec.Struct, frozen=True):
    """``lost`` is None where ``chance`` was taken in full, by ``attempt``."""

    chance: Chance
    attempt: Attempt | None
    lost: Lost | None


def judge(
    chances: Iterable[Chance], attempts: Iterable[Attempt], sight: Sight, *, full_percent: int = 100
) -> list[Verdict]:
    """A verdict for each of ``chances``, in their order; the earlier of two that one trade took has it.

    A trade of ours takes the chance over its own pools (or its account) in its block; what it took may cover one
    other chance that shares a pool and is worth at most twice as much. Where we had nothing for a chance's own pools,
    what we had for another route over one of them speaks. ``full_percent`` of the value is taken in full.
    """
    chances = list(chances)
    trail = _Trail(attempts)
    found: list[Verdict | None] = [_taken(chance, trail, full_percent, sight) for chance in chances]
    verdicts = [
        verdict or _covered(chance, trail, sight) or _missed(chance, trail, sight)
        for chance, verdict in zip(chances, found, strict=True)
    ]
    contested = {
        bundle
        for verdict in verdicts
        if verdict.lost and verdict.lost.why is Why.OUTBID and verdict.attempt
        for bundle in verdict.attempt.bundles
    }
    return [_with_its_bundle(verdict, contested, sight) for verdict in verdicts]


def _with_its_bundle(verdict: Verdict, contested: set[str], sight: Sight) -> Verdict:
    """A trade that was sent and did not land was outbid with the bundle that it was in."""
    ours, was = verdict.attempt, verdict.lost
    if was is None or was.why is not Why.NOT_LANDED or ours is None or contested.isdisjoint(ours.bundles):
        return verdict
    return Verdict(verdict.chance, ours, lost(Case(verdict.chance, ours, sight, contested=True)))


class _Trail:
    """Attempts by block. ``spare`` is what is left of the value of those that landed; ``used`` took a chance."""

    def __init__(self, attempts: Iterable[Attempt]) -> None:
        self.attempts = list(attempts)
        self.aimed: dict[int, list[int]] = defaultdict(list)
        self.landed: dict[int, list[int]] = defaultdict(list)
        self.spare: dict[int, int] = {}
        self.used: set[int] = set()
        for number, attempt in enumerate(self.attempts):
            self.aimed[attempt.block].append(number)
            if attempt.landed_block is not None:
                self.landed[attempt.landed_block].append(number)
                self.spare[number] = attempt.value_wei

    def free(self, chance: Chance) -> list[int]:
        """Landed trades that could have taken ``chance`` and took no other."""
        found = [number for number in self.landed.get(chance.block, ()) if number not in self.used]
        return [number for number in found if self.attempts[number].position <= chance.position]


def _taken(chance: Chance, trail: _Trail, full_percent: int, sight: Sight) -> Verdict | None:
    for number in trail.free(chance):
        attempt = trail.attempts[number]
        if same(chance, attempt):
            trail.used.add(number)
            worth = max(0, chance.value_wei or 0)
            if attempt.value_wei * 100 >= worth * full_percent:
                return Verdict(chance, attempt, None)
            missing = worth - max(0, attempt.value_wei)
            return Verdict(chance, attempt, lost(Case(chance, attempt, sight), missing))
    return None


def _covered(chance: Chance, trail: _Trail, sight: Sight) -> Verdict | None:
    worth = chance.value_wei or 0
    if worth <= 0:
        return None
    for number in trail.free(chance):
        attempt = trail.attempts[number]
        if set(attempt.pools) & set(chance.pools) and 2 * trail.spare[number] >= worth:
            covered = min(worth, trail.spare[number])
            trail.spare[number] -= covered
            missing = worth - covered
            return Verdict(chance, attempt, lost(Case(chance, attempt, sight), missing) if missing else None)
    return None


def _missed(chance: Chance, trail: _Trail, sight: Sight) -> Verdict:
    near = [
        trail.attempts[number]
        for block in range(chance.block, chance.block + 1 + LATE_WITHIN)
        for number in trail.aimed.get(block, ())
        if number not in trail.used
    ]
    fitting = [a for a in near if same(chance, a)] or [a for a in near if _instead(chance, a)]
    attempt = max(fitting, key=lambda a: _rank(chance, a), default=None)
    idle = not trail.aimed.get(chance.block)
    return Verdict(chance, attempt, lost(Case(chance, attempt, sight, idle)))


def _instead(chance: Chance, attempt: Attempt) -> bool:
    """Whether ``attempt`` was for another route over one of the same pools, in time, for about as much, and did not
    land (one that did may have covered a part)."""
    in_time = attempt.block == chance.block and attempt.position <= chance.position
    routes = chance.borrower is None and attempt.borrower is None
    shared = not set(chance.pools).isdisjoint(attempt.pools)
    return routes and in_time and shared and attempt.landed_block is None and _worth(chance, attempt)


def _worth(chance: Chance, attempt: Attempt) -> bool:
    return chance.value_wei is None or 2 * attempt.value_wei >= chance.value_wei


def _rank(chance: Chance, attempt: Attempt) -> tuple[bool, int, int, int, int]:
    """One in time before one that was late, then the earliest of those late, then the one that came furthest."""
    in_time = (attempt.block, attempt.position) <= (chance.block, chance.position)
    soonest = (0, 0) if in_time else (-attempt.block, -attempt.position)
    return in_time, *soonest, _FURTHEST.index(attempt.stage), attempt.value_wei


def all_lost(verdicts: Iterable[Verdict]) -> list[Lost]:
    return [verdict.lost for verdict in verdicts if verdict.lost]
