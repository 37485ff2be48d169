"""One scenario run compiled and as plain Python leaves the same words behind."""

import os
import random
import subprocess
import sys
from hashlib import blake2b

import numpy as np

from tallyio.hot_path.memory import counters, mpsc, object_pool, seqlock, spsc, state_machine
from tallyio.hot_path.memory.object_pool import ObjectPool
from tallyio.hot_path.memory.rings import MpscRing, SpscRing

STEPS = 3_000


def scenario() -> str:
    """A hash of all answers and of the memory after ``STEPS`` random operations on each structure."""
    moves = random.Random(11)
    seen = blake2b()
    one_words, many_words = (np.zeros(600 + 8, np.uint64) for _ in range(2))
    one_words, many_words = (w[-w.ctypes.data % 64 // 8 :][:600] for w in (one_words, many_words))
    one, many = SpscRing.make(one_words, 8), MpscRing.make(many_words, 8, 2)
    pool = ObjectPool.make(np.zeros(200, np.uint64), 6, 5)
    record, machine, counts = np.zeros(16, np.uint64), np.zeros(1, np.uint64), np.zeros(64, np.uint64)
    allowed = state_machine.table({0: (1, 2), 1: (3,), 2: (3, 0), 3: (0,)})
    payload, copy = np.zeros(15, np.uint64), np.zeros(15, np.uint64)

    def said(*answers: object) -> None:
        seen.update(repr([int(answer) for answer in answers]).encode())  # type: ignore[call-overload]

    for _ in range(STEPS):
        payload[:] = [moves.getrandbits(64) for _ in range(15)]
        number, owner = np.uint64(moves.randrange(1, 256)), np.uint64(moves.randrange(1, 4))
        if moves.random() < 0.5:
            said(spsc.push(one.words, payload), mpsc.push(many.words, number, payload))
        else:
            said(spsc.pop(one.words, copy), *copy, mpsc.pop(many.words, copy), *copy)
        if moves.random() < 0.05:
            said(mpsc.claim(many.words, number), mpsc.poll(many.words), mpsc.abandon(many.words, number))
        if moves.random() < 0.5:
            said(object_pool.acquire(pool.words, owner))
        else:
            said(object_pool.release(pool.words, np.int64(moves.randrange(-1, 7)), owner))
        old, new = (np.uint64(moves.randrange(5)) for _ in range(2))
        said(state_machine.move(machine, 0, allowed, old, new), state_machine.state(machine, 0))
        said(counters.add(counts, np.int64(moves.randrange(4)), payload[0]))
        if moves.random() < 0.1:
            seqlock.write_begin(record, 0)
        said(seqlock.read(record, 0, 15, copy, 3), *copy)
        seqlock.write(record, 0, payload, 15)
    for words in (one.words, many.words, pool.words, record, machine, counts):
        seen.update(words.tobytes())
    return seen.hexdigest()


def test_plain_python_and_machine_code_agree() -> None:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    plain = subprocess.run(
        [sys.executable, "-W", "error", __file__], env=environment, capture_output=True, text=True, check=False
    )
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.strip() == scenario()


if __name__ == "__main__":
    print(scenario())
