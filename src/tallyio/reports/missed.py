"""What was takeable against what was taken: the captured share, and a reason for everything that was left."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tallyio.reports.attempts import attempts, value_wei
from tallyio.reports.chances import Chance, Sight
from tallyio.reports.exhaustive import BlockTakeable, Takeable
from tallyio.reports.matching import Verdict, all_lost, judge
from tallyio.reports.records import RunRecords
from tallyio.reports.why_lost import Loss, Lost, Why, losses

_FULL = 99
"""Per cent of a value above which a trade counts as taken in full: gas is a model's here, and ours is the chain's."""
_NOTHING = Sight()


class Comparison(msgspec.Struct, frozen=True):
    """``captured_wei`` counts each block up to what was takeable there, so that a surplus in one block cannot hide a
    loss in another; ``beyond_wei`` is the surplus (sizes, routes) and what backruns took inside blocks.

    ``takeable_in`` has the takeable value by block of inclusion; ``verdicts`` are of the takeable and, behind them, of
    what others took besides. ``searched`` tells whether the takeable was looked for at all.
    """

    blocks: int
    takeable_wei: int
    captured_wei: int
    beyond_wei: int
    takeable_in: dict[int, int]
    verdicts: tuple[Verdict, ...]
    searched: bool = True

    @property
    def captured_ratio(self) -> float:
        """1.0 where nothing was takeable."""
        return self.captured_wei / self.takeable_wei if self.takeable_wei else 1.0

    @property
    def lost(self) -> list[Lost]:
        return all_lost(self.verdicts)

    def reasons(self) -> dict[Why, Loss]:
        """Count and value of everything that was not taken in full, greatest loss first."""
        return losses(self.lost)


def compare(
    takeable: Iterable[BlockTakeable],
    records: RunRecords,
    taken: Iterable[Chance] = (),
    sight: Sight = _NOTHING,
    *,
    searched: bool = True,
) -> Comparison:
    """Match every takeable opportunity, and every one that others took (``taken``, each with its rival), with what the
    run did in its block."""
    blocks = list(takeable)
    captured = beyond = 0
    top, whole = _landed(records)
    for block in blocks:
        number = block.state_block + 1
        counted = max(0, min(top[number], block.net_wei))
        captured += counted
        beyond += whole[number] - counted
    ours = attempts(records)
    there, besides = _with_rivals([_chance(block, item) for block in blocks for item in block.taken], list(taken))
    verdicts = judge(there, ours, sight, full_percent=_FULL)
    # What a rival took besides was not there for the trades of ours that landed: those took something else.
    verdicts += judge(besides, [a for a in ours if a.landed_block is None], sight)
    return Comparison(
        blocks=len(blocks),
        takeable_wei=sum(block.net_wei for block in blocks),
        captured_wei=captured,
        beyond_wei=beyond,
        takeable_in={block.state_block + 1: block.net_wei for block in blocks},
        verdicts=tuple(verdicts),
        searched=searched,
    )


def _landed(records: RunRecords) -> tuple[dict[int, int], dict[int, int]]:
    """Value that landed by block: at its top, and altogether."""
    by_id = {o.id: o for o in records.opportunities}
    top: dict[int, int] = defaultdict(int)
    whole: dict[int, int] = defaultdict(int)
    for outcome in records.landed():
        if outcome.block is not None and (opportunity := by_id.get(outcome.opportunity_id)):
            whole[outcome.block.number] += value_wei(outcome)
            if opportunity.victim is None:
                top[outcome.block.number] += value_wei(outcome)
    return top, whole


def _chance(block: BlockTakeable, item: Takeable) -> Chance:
    return Chance(
        block=block.state_block + 1,
        position=0,
        kind=item.kind,
        pools=item.pools,
        value_wei=item.net_wei,
        tokens=(item.token,),
        amounts=(item.amount,),
        borrower=item.borrower,
    )


def _with_rivals(chances: list[Chance], taken: list[Chance]) -> tuple[list[Chance], list[Chance]]:
    """Each takeable chance with the first who took it, or a part of it, in its block; and what others took besides."""
    left: dict[int, list[Chance]] = defaultdict(list)
    for each in taken:
        left[each.block].append(each)
    found: list[Chance] = []
    for chance in chances:
        near = [t for t in left[chance.block] if _overlap(chance, t)]
        took = min(near, key=lambda t: (set(t.pools) != set(chance.pools), t.position), default=None)
        if took is not None:
            left[chance.block].remove(took)
            chance = msgspec.structs.replace(chance, rival=took.rival)
        found.append(chance)
    return found, [each for block in sorted(left) for each in left[block]]


def _overlap(chance: Chance, taken: Chance) -> bool:
    if chance.borrower is not None or taken.borrower is not None:
        return chance.borrower == taken.borrower
    return not set(chance.pools).isdisjoint(taken.pools)
