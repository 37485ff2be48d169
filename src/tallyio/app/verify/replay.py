"""``tallyio verify``: every recorded answer against the project's models, counted by family.

A record is *matched* when all its answers agree, *refused* when they agree and the contract and the model both refuse
its call, *mismatched* when one answer differs, and *not modelled* when none differs but some were asked of no model.
Fields that a record's own inputs do not determine (``unjudged``) are counted by name and change no outcome.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import msgspec

from tallyio.app.verify.recorded import Recorded, read
from tallyio.app.verify.sheet import Sheet

FAMILIES = {
    "compound_v3_comet": "comet",
    "liquidity_book": "liquidity_book",
    "curve_twocrypto_ng": "crypto",
    "curve_tricrypto_ng": "crypto",
    "curve_stableswap_legacy": "stable_legacy",
    "curve_stableswap_ng_meta": "stable_ng_meta",
    "curve_stableswap_ng": "stable_ng",
    "solidly_v2": "solidly",
    "slipstream": "slipstream",
    "uniswap_v3": "concentrated",
    "pancakeswap_v3": "concentrated",
    "algebra_v1": "concentrated",
    "camelot_v3": "concentrated",
    "uniswap_v4": "uniswap_v4",
}
"""Family as files name it, and the module of this folder that judges it."""
SHOWN = 20
"""At most so many differences are told by family; all are counted."""
Judge = Callable[[dict[str, Any], Sheet, str], None]
"""Asks the models for one record's answers; the last argument is the record's family."""


class Tally(msgspec.Struct):
    """Records by outcome (they add up to ``records``); ``answers`` counts the single comparisons made."""

    family: str
    files: int = 0
    records: int = 0
    matched: int = 0
    refused: int = 0
    mismatched: int = 0
    not_modelled: int = 0
    answers: int = 0
    differences: list[str] = []
    missing: dict[str, int] = {}
    unjudged: dict[str, int] = {}


def judge_of(family: str) -> Judge | None:
    """The function that asks the models for a record's answers, ``None`` for a family without one."""
    module = FAMILIES.get(family)
    return cast(Judge, import_module(f"tallyio.app.verify.{module}").judge) if module else None


def verify(paths: Iterable[Path]) -> list[Tally]:
    """Replays the files, one tally a family. Raises ``OperatorError`` for a file that is not of the format."""
    tallies: dict[str, Tally] = {}
    for path in paths:
        recorded = read(path)
        tally = tallies.setdefault(recorded.family, Tally(recorded.family))
        tally.files += 1
        replay(recorded, tally, path)
    return list(tallies.values())


def replay(recorded: Recorded, tally: Tally, path: Path) -> None:
    """Adds a file's records to ``tally``."""
    judge = judge_of(recorded.family)
    missing, unjudged = Counter(tally.missing), Counter(tally.unjudged)
    for place, record in enumerate(recorded.records):
        sheet = Sheet()
        if judge is None:
            sheet.missing.append("family")
        else:
            try:
                judge(record, sheet, recorded.family)
            except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as e:
                sheet.differences.append(f"no model takes this record: {type(e).__name__} {e}")
        tally.records += 1
        tally.answers += sheet.answers
        missing.update(sheet.missing)
        unjudged.update(sheet.outside)
        if sheet.differences:
            tally.mismatched += 1
            for difference in sheet.differences:
                if len(tally.differences) < SHOWN:
                    tally.differences.append(f"{path.name} record {record.get('id', place)}: {difference}")
        elif sheet.missing:
            tally.not_modelled += 1
        elif sheet.refused:
            tally.refused += 1
        else:
            tally.matched += 1
    tally.missing, tally.unjudged = dict(missing), dict(unjudged)
