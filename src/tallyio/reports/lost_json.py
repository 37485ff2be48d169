"""Lost opportunities as JSON objects: each one whole, so that nothing has to be looked up elsewhere."""

from typing import Any

import msgspec

from tallyio.reports.why_lost import Lost


def as_object(lost: Lost) -> dict[str, Any]:
    """The opportunity, who took it (``rival``), what we had instead (``ours``), and the reason."""
    chance = lost.chance
    shown: dict[str, Any] = {
        "block": chance.block,
        "position": chance.position,
        "kind": chance.kind,
        "reason": lost.why,
        "group": lost.group,
        "detail": lost.detail,
        "value_wei": chance.value_wei,
        "missing_wei": lost.missing_wei,
        "pools": chance.pools,
        "tokens": chance.tokens,
        "amounts": chance.amounts,
        "borrower": chance.borrower,
        "rival": chance.rival,
        "ours": lost.attempt,
    }
    built: dict[str, Any] = msgspec.to_builtins(shown)
    return built
