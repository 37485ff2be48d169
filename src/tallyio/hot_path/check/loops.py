"""Runs a kernel over arrays of words and its twin over the same integers."""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.check.comparison import Comparison, Mismatches

Row = tuple[int, ...]
Answer = tuple[int, ...] | None
"""The integers answered, or ``None`` where the contract reverts."""
Case = Callable[[Any, Any, Any], None]
"""A kernel over ``(rows, out, ok)``: reads each row's words, stores its answers, and tells in ``ok`` (uint8) whether
they count. The arrays are flat, a word four limbs."""
LIMBS = 4
CHUNK = 20_000
_WORD = 2**256


def answers_of(case: Case, rows: Sequence[Row], answers: int) -> list[Answer]:
    """What the kernel of ``case`` answers to each of ``rows``."""
    out = np.zeros(len(rows) * answers * LIMBS, np.uint64)
    ok = np.zeros(len(rows), np.uint8)
    case(packed(rows), out, ok)
    raw, size = out.tobytes(), 8 * LIMBS
    found = [int.from_bytes(raw[at : at + size], "little") for at in range(0, len(raw), size)]
    return [tuple(found[i * answers : (i + 1) * answers]) if flag else None for i, flag in enumerate(ok)]


def packed(rows: Iterable[Row]) -> NDArray[np.uint64]:
    """The integers of ``rows`` as limbs, negative ones in two's complement."""
    raw = b"".join((value % _WORD).to_bytes(8 * LIMBS, "little") for row in rows for value in row)
    return np.frombuffer(raw, np.uint64).copy()


def comparison(
    name: str, case: Case, twin: Callable[..., Any], inputs: Callable[[Random], Row], answers: int = 1
) -> Comparison:
    """``twin`` gives an integer, a tuple, or a tuple whose last item says ok; it may raise ``ChainDataError``."""

    def run(samples: int, seed: int) -> Mismatches:
        random = Random(f"{name} {seed}")  # noqa: S311 - samples, not secrets
        wrong, first = 0, ""
        for start in range(0, samples, CHUNK):
            rows = [inputs(random) for _ in range(min(CHUNK, samples - start))]
            for row, answer in zip(rows, answers_of(case, rows, answers), strict=True):
                expected = twin_answer(twin, row, answers)
                if answer != expected:
                    wrong += 1
                    first = first or f"inputs {row}: kernel {answer}, twin {expected}"
        return Mismatches(name, samples, wrong, first)

    return Comparison(name, run)


def twin_answer(twin: Callable[..., Any], row: Row, answers: int) -> Answer:
    try:
        answer = twin(*row)
    except (ChainDataError, ZeroDivisionError):
        return None
    if not isinstance(answer, tuple):
        return (int(answer) % _WORD,)
    if len(answer) > answers:
        *answer, ok = answer
        if not ok:
            return None
    return tuple(int(value) % _WORD for value in answer)
