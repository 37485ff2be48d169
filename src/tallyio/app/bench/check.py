"""``tallyio bench --check``: every kernel against its plain twin."""

from collections.abc import Callable
from typing import Any

import msgspec

from tallyio.hot_path.check.comparison import comparisons


def check_kernels(samples: int, seed: int, begin: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Compare on ``samples`` inputs a kernel; ``begin`` is told each kernel's name, how many are done and how many
    there are. ``mismatches`` counts over all kernels, ``kernels`` holds one object each."""
    chosen = comparisons()
    found = []
    for done, comparison in enumerate(chosen):
        begin(comparison.name, done, len(chosen))
        found.append(comparison.run(samples, seed))
    begin("", len(chosen), len(chosen))
    mismatches = sum(one.mismatches for one in found)
    return {
        "ok": mismatches == 0,
        "samples": samples,
        "seed": seed,
        "compared": sum(one.compared for one in found),
        "mismatches": mismatches,
        "kernels": [msgspec.structs.asdict(one) for one in found],
    }
