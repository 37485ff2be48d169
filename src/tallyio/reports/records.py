"""What a report is made from: the records of one run, as the journal keeps them."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from tallyio.core.trade import Bundle, Decision, Opportunity, Outcome, Proof, Submission
from tallyio.journal.log import JournalReader
from tallyio.journal.records import JointPlan

_Record = TypeVar("_Record")
LANDED = "landed"
_WEIGHT = {"dropped": 1, "unknown": 2, "reorged": 3, "reverted": 4, LANDED: 5}


class RunRecords(msgspec.Struct, frozen=True):
    """All records of one run in the order in which they were written."""

    opportunities: tuple[Opportunity, ...] = ()
    decisions: tuple[Decision, ...] = ()
    proofs: tuple[Proof, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    submissions: tuple[Submission, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    joint: tuple[JointPlan, ...] = ()

    def landed(self) -> list[Outcome]:
        """Transactions that are on the chain, each once, by block."""
        final = final_outcomes(self.outcomes).values()
        return sorted((o for o in final if o.status == LANDED), key=lambda o: o.block.number if o.block else 0)

    def by_opportunity(self) -> dict[str, Outcome]:
        """What became of each opportunity that was sent. One that travelled in several bundles counts by its best."""
        best: dict[str, Outcome] = {}
        for outcome in final_outcomes(self.outcomes).values():
            held = best.get(outcome.opportunity_id)
            if held is None or _WEIGHT.get(outcome.status, 0) > _WEIGHT.get(held.status, 0):
                best[outcome.opportunity_id] = outcome
        return best


def final_outcomes(outcomes: Iterable[Outcome]) -> Mapping[str, Outcome]:
    """The last word on every transaction. A reorganisation may take back what had landed; a bundle that was dropped
    says nothing about the same transaction in another bundle."""
    final: dict[str, Outcome] = {}
    for outcome in outcomes:
        held = final.get(outcome.tx_hash)
        if held is None or not (held.status in (LANDED, "reverted") and outcome.status in ("dropped", "unknown")):
            final[outcome.tx_hash] = outcome
    return final


def read_run(journal: JournalReader, since: int = 0) -> RunRecords:
    """The records that a journal holds after sequence number ``since``; while its searcher runs, or after."""
    with journal.snapshot():

        def of(kind: type[_Record]) -> tuple[_Record, ...]:
            return tuple(entry.record for entry in journal.read(kind, since))

        sent = of(Bundle), of(Submission), of(Outcome)
        return RunRecords(of(Opportunity), of(Decision), of(Proof), *sent, of(JointPlan))
