"""Where the time of a benchmark's row goes, line by line of the compiled kernels.

    python benchmarks/profile_loop.py [row ...] [--samples N] [--out FOLDER]

Prints a table and writes a flame graph (SVG) a row. Needs neither perf nor rights: a compiled signal handler notes the
program counter a thousand times a second, and the compiler's line tables say which line that is. The kernels are
compiled anew with those tables, into a cache that is thrown away.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = ("update.none.10k", "update.one.v2", "update.one.v3_ticks")
SAMPLES = 20_000
SHOWN = 20
INNER = "TALLYIO_PROFILED"


def main() -> int:
    parser = argparse.ArgumentParser(description="Where the hot loop's time goes.")
    parser.add_argument("rows", nargs="*", default=list(ROWS), help="rows of tallyio bench")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="as of tallyio bench")
    parser.add_argument("--out", default="profile", help="folder of the pictures")
    asked = parser.parse_args()
    if os.environ.get(INNER):
        return profile(asked.rows[0], asked.samples, Path(asked.out))
    codes = []
    with tempfile.TemporaryDirectory(prefix="tallyio-profile-") as cache:
        environment = os.environ | {INNER: "1", "NUMBA_DEBUGINFO": "1", "XDG_CACHE_HOME": cache}
        for row in asked.rows:
            words = [sys.executable, __file__, row, "--samples", str(asked.samples), "--out", asked.out]
            codes.append(subprocess.run(words, env=environment, check=False).returncode)
            for kept in Path(cache).rglob("*.nb?"):
                kept.unlink()  # code from a cache has no line tables to read
    return max(codes)


def profile(row: str, samples: int, out: Path) -> int:
    from profiling.attribution import attribute, loaded
    from profiling.picture import write
    from profiling.sampler import PERIOD_S, sampling

    from tallyio.app.bench.result import Setting
    from tallyio.app.bench.runner import run_suites
    from tallyio.hot_path.compiled import KERNELS

    with sampling() as found:
        done = run_suites(Setting(1, samples, None, only=(row,)), lambda name: None)
    for one in done.rows:
        if not one.samples:
            print(f"{row}: {one.note}", file=sys.stderr)
            return 1
    places, outside = attribute(found[0], loaded(KERNELS))
    total = places.total()
    print(f"\n{row}: p50 {done.rows[0].p50_ns:.0f} ns")
    print(f"{total} samples of {PERIOD_S * 1e3:g} ms in kernels, {outside} outside")
    for place, count in places.most_common(SHOWN):
        where = f"{place.module.rpartition('.')[2]}.{place.function}:{place.line}"
        print(f"{count / total:6.1%}  {where:<44} {place.text}")
    write(out / f"{row}.svg", row, places)
    print(f"picture: {out / f'{row}.svg'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
