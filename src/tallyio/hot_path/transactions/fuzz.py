"""Wounded transactions shown to the compiled decoder, each right against pages that the process may not touch.

``python -m tallyio.hot_path.transactions.fuzz --inputs 100000 --seed 1`` prints how many inputs ended with which code.
A read one byte outside an input ends the process with a segmentation fault: run it in a process of its own.
"""

import argparse
import ctypes
import mmap
from collections import Counter
from random import Random

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import OperatorError
from tallyio.hot_path.transactions.batch import decode_batch
from tallyio.hot_path.transactions.calls import table
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.layout import CALL_CODE, CODE, INTENT_WORDS, INTENTS, RECORD_WORDS
from tallyio.hot_path.transactions.recognise import STACK_WORDS
from tallyio.hot_path.transactions.samples import spoilt, spoilt_calls, transaction

SEEDS_PER_ROUND = 200
WOUNDS_PER_SEED = 50
CAP = 8
_PROTECT_NONE = 0
_ROOM = 1 << 20


class Fenced:
    """Memory of ``size`` bytes, a whole number of pages, with a page on either side that nobody may read."""

    def __init__(self, size: int = _ROOM) -> None:
        page = mmap.PAGESIZE
        self.size = -(-size // page) * page
        self._map = mmap.mmap(-1, self.size + 2 * page)
        whole = np.frombuffer(self._map, np.uint8)
        self.bytes: NDArray[np.uint8] = whole[page : page + self.size]
        library = ctypes.CDLL(None, use_errno=True)
        for place in (whole.ctypes.data, whole.ctypes.data + page + self.size):
            if library.mprotect(ctypes.c_void_p(place), ctypes.c_size_t(page), _PROTECT_NONE):
                raise OperatorError(
                    f"a page could not be fenced off (error {ctypes.get_errno()})", todo="Run on Linux or macOS"
                )

    def holding(self, data: bytes, at_end: bool) -> NDArray[np.uint8]:
        """``data`` right before the page behind, or right behind the page before."""
        start = self.size - len(data) if at_end else 0
        view = self.bytes[start : start + len(data)]
        view[:] = np.frombuffer(data, np.uint8)
        return view


def fuzz(inputs: int, seed: int) -> Counter[str]:
    """The codes (of the envelope, or of the call in a sound one) that ``inputs`` wounded transactions ended with."""
    rng = Random(seed)  # noqa: S311 - samples, no secrets
    fenced = Fenced()
    calls = spoilt_calls(rng)
    record, intents = np.zeros(RECORD_WORDS, np.uint64), np.zeros(CAP * INTENT_WORDS, np.uint64)
    at, length, stack = np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(STACK_WORDS, np.uint64)
    routers, kinds, words = np.zeros(8, np.uint64), np.zeros(1, np.int64), table()
    found: Counter[str] = Counter()
    done = 0
    while done < inputs:
        seeds = [transaction(rng) for _ in range(SEEDS_PER_ROUND)] + [next(calls) for _ in range(SEEDS_PER_ROUND)]
        for _ in range(min(inputs - done, SEEDS_PER_ROUND * WOUNDS_PER_SEED)):
            data = spoilt(rng, rng.choice(seeds))
            length[0] = len(data)
            view = fenced.holding(data, at_end=rng.random() < 0.7)
            decode_batch(view, at, length, record, intents, CAP, words, routers, kinds, stack)
            code = int(record[CODE]) or int(record[CALL_CODE])
            found[Code(code).name] += 1
            if record[INTENTS] > CAP:
                raise AssertionError(f"{record[INTENTS]} intents in room for {CAP}: {data.hex()}")
            done += 1
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name, count in fuzz(options.inputs, options.seed).most_common():
        print(f"{count:>10} {name}")
