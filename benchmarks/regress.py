"""Fails when a row's ratio to its reference is a fifth below that of the last recorded run on this model of machine.

    python benchmarks/regress.py [samples]

A row that looks worse is measured again, twice at most, and its best ratio counts: on a shared machine one bad
minute is no regression. Exit code 0 without a regression or without an entry to compare with, 1 with one.
"""

import sys
from pathlib import Path

from tallyio.app.bench.command import bench
from tallyio.app.bench.history import entry_of, last_like, read, regressions
from tallyio.app.bench.options import BenchOptions

HISTORY = Path(__file__).parent / "history.json"
AGAIN = 2


def main() -> int:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else BenchOptions().samples
    now = entry_of(bench(BenchOptions(samples=samples), quiet=True))
    before = last_like(read(HISTORY), now.machine)
    if before is None:
        print("no recorded run on such a machine: nothing to compare with. Record one: tallyio bench --record")
        return 0
    worse = regressions(before, now)
    for _ in range(AGAIN):
        if not worse:
            break
        names = tuple(one.name for one in worse)
        print(f"measuring again: {', '.join(names)}")
        worse = regressions(before, entry_of(bench(BenchOptions(samples=samples, only=names), quiet=True)))
    gone = sorted(set(before.rows) - set(now.rows))
    print(f"compared with {before.date}: {len(before.rows) - len(gone)} rows", end="")
    print(f"; not measured now: {', '.join(gone)}" if gone else "")
    for one in worse:
        print(f"regression: {one}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
