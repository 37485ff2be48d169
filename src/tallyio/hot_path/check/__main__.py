"""``python -m tallyio.hot_path.check``: every kernel against its twin; ends with 1 where any differs."""

import argparse
import sys

import msgspec

from tallyio.hot_path.check.comparison import comparisons


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tallyio.hot_path.check", description=__doc__)
    parser.add_argument("--samples", type=int, default=20_000, help="inputs for each kernel (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only kernels whose name contains this")
    parser.add_argument("--json", action="store_true", help="one JSON array instead of lines")
    options = parser.parse_args()
    if options.samples < 1:
        parser.error(f"--samples was {options.samples}, expected at least 1")
    chosen = [comparison for comparison in comparisons() if options.only in comparison.name]
    if not chosen:
        parser.error(f"no kernel's name contains {options.only!r}")
    results = []
    for comparison in chosen:
        result = comparison.run(options.samples, options.seed)
        results.append(result)
        if not options.json:
            line = f"{result.name:<32} {result.compared:>12,} compared {result.mismatches:>8,} mismatches"
            print(f"{line}   {result.first}" if result.first else line, flush=True)
    if options.json:
        print(msgspec.json.encode(results).decode())
    return 1 if any(result.mismatches for result in results) else 0


sys.exit(main())
