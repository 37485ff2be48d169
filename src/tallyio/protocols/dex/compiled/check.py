"""``python -m tallyio.protocols.dex.compiled.check``: each family's kernel against its exact model; ends with 1 where
any answer differs.
"""

import argparse
import sys
from random import Random

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.kernels import codes, rows
from tallyio.protocols.dex.compiled.samples import FAMILIES
from tallyio.protocols.dex.compiled.states import Asked

CHUNK = 2_000


class Judged(msgspec.Struct, frozen=True):
    """``beyond`` are swaps that the kernel leaves to the model; ``first`` tells the first difference."""

    name: str
    compared: int
    paid: int
    refused: int
    beyond: int
    mismatches: int
    first: str = ""


def judge(name: str, samples: int, seed: int) -> Judged:
    """Compares the family's kernel with its model on that many random swaps."""
    random = Random(f"{name} {seed}")  # noqa: S311 - samples, not secrets
    found = [0, 0, 0]
    wrong, first, compared = 0, "", 0
    while compared < samples:
        asked: list[Asked] = []
        while len(asked) < min(CHUNK, samples - compared):
            try:
                asked.append(FAMILIES[name](random, random.random() < 0.2))
            except ChainDataError:  # a state that has no row
                continue
        amounts, answered = rows.quote_many([each.row for each in asked], [each[1:4] for each in asked])
        for each, amount, code in zip(asked, amounts, answered, strict=True):
            found[code] += 1
            if code == codes.BEYOND:
                continue
            got, expected = amount if code == codes.PAID else None, answer(each.twin)
            if got != expected:
                wrong += 1
                first = first or f"row {each.row.tolist()}, swap {each[1:4]}: kernel {got}, model {expected}"
        compared += len(asked)
    refused, paid, beyond = found
    return Judged(name, compared, paid, refused, beyond, wrong, first)


def answer(twin: object) -> int | None:
    try:
        return int(twin())  # type: ignore[operator]
    except ChainDataError:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tallyio.protocols.dex.compiled.check", description=__doc__)
    parser.add_argument("--samples", type=int, default=20_000, help="swaps for each family (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only families whose name contains this")
    options = parser.parse_args()
    wrong = 0
    for name in FAMILIES:
        if options.only in name:
            result = judge(name, options.samples, options.seed)
            print(msgspec.json.encode(result).decode(), flush=True)
            wrong += result.mismatches
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
