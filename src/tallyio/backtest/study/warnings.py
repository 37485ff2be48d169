"""Reasons to distrust a backtest's choice."""

from collections.abc import Iterator

from tallyio.backtest.competition.contest import Fate
from tallyio.backtest.study.evaluation import Study

LEAST_BLOCKS = 1_000
"""Below this many blocks (a few hours of Ethereum) a day's or an hour's mood is all that a choice can rest on."""
LEAST_WON = 30
"""Won offers below which a sum hangs on single trades."""
CHANCE = 0.5
"""From this probability of overfitting on the choice tells nothing."""


def warnings(study: Study) -> Iterator[str]:
    blocks, choice = len(study.blocks), study.choice
    if study.refused:
        yield f"{len(study.refused)} blocks could not be replayed and are left out"
    if blocks < LEAST_BLOCKS:
        yield f"too few blocks to say anything about parameters: {blocks}, at least {LEAST_BLOCKS} are wanted"
    fates = study.fates(choice.chosen)
    won = fates[Fate.WON].count if Fate.WON in fates else 0
    if won < LEAST_WON:
        yield f"the chosen set won {won} times: the sum hangs on single trades (at least {LEAST_WON} are wanted)"
    if not blocks - study.training:
        yield "there is no test block: nothing judges the choice"
    if len(study.sets) > 1 and len(set(choice.train_wei)) == 1:
        yield "all parameter sets earned the same in training: the first was taken"
    if study.overfitting is None:
        yield "overfitting was not checked: that needs two parameter sets and four blocks"
    elif study.overfitting.probability >= CHANCE:
        share = f"{study.overfitting.probability:.0%}"
        yield f"the probability of overfitting is {share}: the choice is no better than chance"
    if choice.train_wei[choice.chosen] > 0 >= choice.test_wei[choice.chosen] and blocks > study.training:
        yield "the chosen set earned in training and nothing in the test"
