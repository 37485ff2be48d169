"""From what the blocks told to what would have been earned: every parameter set under one model of competition."""

from collections.abc import Sequence

import msgspec

from tallyio.backtest.competition.base import Rivals
from tallyio.backtest.competition.contest import ASSUMPTIONS, Fate, Settled, settle
from tallyio.backtest.competition.inclusion import Inclusion
from tallyio.backtest.competition.nobody import Nobody
from tallyio.backtest.competition.recorded import Recorded
from tallyio.backtest.competition.sampled import Sampled, recorded_shares
from tallyio.backtest.selection.choice import Choice, choose
from tallyio.backtest.selection.overfitting import Overfitting, overfitting
from tallyio.backtest.selection.split import split
from tallyio.backtest.study.records import BlockResult
from tallyio.backtest.study.settings import BacktestSettings, Parameters
from tallyio.core.errors import ChainDataError
from tallyio.core.units import BPS


class Loss(msgspec.Struct, frozen=True):
    """Offers with one fate, and what they would have left."""

    count: int
    wei: int


class Study(msgspec.Struct, frozen=True):
    """``blocks`` (ascending) were replayed, ``refused`` could not be. ``settled``, ``profits`` (wei) and ``bounds``
    (wei if nobody bid against us and every block had our bundles) are by block and parameter set; the first
    ``training`` blocks chose."""

    sets: tuple[Parameters, ...]
    blocks: list[BlockResult]
    refused: list[BlockResult]
    settled: list[list[list[Settled]]]
    profits: list[list[int]]
    bounds: list[list[int]]
    training: int
    choice: Choice
    overfitting: Overfitting | None
    rivals: Rivals
    assumptions: tuple[str, ...]

    @property
    def chosen(self) -> Parameters:
        return self.sets[self.choice.chosen]

    def fates(self, number: int) -> dict[Fate, Loss]:
        """What became of the offers under the parameter set of that index, in the list's order."""
        found: dict[Fate, Loss] = {}
        for each in (each for block in self.settled for each in block[number]):
            was = found.get(each.fate, Loss(0, 0))
            found[each.fate] = Loss(was.count + 1, was.wei + each.offer.net_wei)
        return {fate: found[fate] for fate in Fate if fate in found}


def evaluate(results: Sequence[BlockResult], settings: BacktestSettings) -> Study:
    """Raises ``ChainDataError`` where no block at all could be replayed."""
    blocks = sorted((each for each in results if not each.refused), key=lambda each: each.number)
    refused = sorted((each for each in results if each.refused), key=lambda each: each.number)
    if not blocks:
        reason = refused[0].refused if refused else "there are none"
        raise ChainDataError(f"none of {len(refused)} blocks could be replayed; the first: {reason}")
    sets = settings.grid.sets()
    training = split([each.number for each in blocks], settings.train_bps)
    rivals = rivals_of(settings, blocks[:training])
    inclusion = Inclusion(settings.seed, settings.inclusion_bps, settings.seen_bps)
    settled = [[settle(block, offers, rivals, inclusion) for offers in block.offers] for block in blocks]
    alone = Inclusion(settings.seed, BPS, BPS)
    bounds = [[_earned(settle(block, offers, Nobody(), alone)) for offers in block.offers] for block in blocks]
    profits = [[_earned(each) for each in block] for block in settled]
    return Study(
        sets=sets,
        blocks=blocks,
        refused=refused,
        settled=settled,
        profits=profits,
        bounds=bounds,
        training=training,
        choice=choose(profits, training),
        overfitting=overfitting(profits, settings.partitions),
        rivals=rivals,
        assumptions=(*rivals.assumptions(), *inclusion.assumptions(), *ASSUMPTIONS),
    )


def rivals_of(settings: BacktestSettings, training: Sequence[BlockResult]) -> Rivals:
    """The model of ``settings``; what it learns of recorded payments it learns from the training blocks alone."""
    if settings.model == "none":
        return Nobody()
    if settings.model == "recorded":
        return Recorded()
    given = settings.rivals
    return Sampled(
        settings.seed,
        recorded_shares(training),
        rivals=given.count,
        least=given.least_samples,
        alpha=given.alpha,
        beta=given.beta,
    )


def _earned(settled: Sequence[Settled]) -> int:
    return sum(each.earned_wei for each in settled)
