"""How far off the simulation was of what landed, kept up at each block's end, for the gate to read."""

from collections import deque
from collections.abc import Iterable

from tallyio.core.trade import Outcome
from tallyio.journal.log import JournalReader
from tallyio.journal.projections import prediction_error, prediction_errors
from tallyio.risk.limits import MarginLimits
from tallyio.risk.margin import Margin, margin


class Accuracy:
    """``margin`` is what the gate demands beyond its minimum; it starts from what ``journal`` holds."""

    def __init__(self, journal: JournalReader, limits: MarginLimits) -> None:
        self._journal = journal
        self._limits = limits
        self._errors = deque(prediction_errors(journal, limits.samples), limits.samples)
        self.margin = self._measured()

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Of one block."""
        found = [error for outcome in outcomes if (error := prediction_error(self._journal, outcome))]
        if found:
            self._errors.extend(found)
            self.margin = self._measured()

    def _measured(self) -> Margin:
        return margin(tuple(self._errors), self._limits.samples, self._limits.percentile)
