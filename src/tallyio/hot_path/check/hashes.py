"""The hash kernels against a library's Keccak-256, on every short length and on random ones."""

import numpy as np
from Crypto.Hash import keccak

from tallyio.hot_path.check.comparison import Comparison, Mismatches
from tallyio.hot_path.hashes.batch import hash_arrays
from tallyio.hot_path.hashes.constants import DIGEST_BYTES
from tallyio.hot_path.hashes.digest import keccak256

SHORT = 601
LONG = 5_000
MOST_TOGETHER = 60


def _expected(message: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=message).digest()


def _lengths(rng: np.random.Generator, samples: int) -> list[int]:
    """Every short length first, as far as ``samples`` goes; then random ones, few of them long."""
    every = list(range(min(SHORT, samples)))
    drawn = np.where(rng.random(samples) < 0.02, rng.integers(0, LONG, samples), rng.integers(0, SHORT, samples))
    return [*every, *(int(length) for length in drawn[len(every) :])]


def _one(samples: int, seed: int) -> Mismatches:
    rng = np.random.default_rng(seed)
    wrong, first = 0, ""
    for length in _lengths(rng, samples):
        message = rng.bytes(length)
        if (found := keccak256(message)) != (expected := _expected(message)):
            wrong += 1
            first = first or f"{message.hex()}: {found.hex()}, expected {expected.hex()}"
    return Mismatches("hashes.keccak256", samples, wrong, first)


def _together(samples: int, seed: int) -> Mismatches:
    rng = np.random.default_rng(seed)
    lengths = _lengths(rng, samples)
    rng.shuffle(lengths)
    wrong, first, done = 0, "", 0
    while done < samples:
        sizes = np.array(lengths[done : done + int(rng.integers(1, MOST_TOGETHER))], np.int64)
        offsets = np.cumsum(sizes) - sizes
        data = np.frombuffer(rng.bytes(int(sizes.sum()) + 1), np.uint8).copy()[: int(sizes.sum())]
        out = np.zeros(sizes.size * DIGEST_BYTES, np.uint8)
        hash_arrays(data, offsets, sizes, out)
        for i, (at, size) in enumerate(zip(offsets.tolist(), sizes.tolist(), strict=True)):
            message, found = data[at : at + size].tobytes(), out[i * DIGEST_BYTES : (i + 1) * DIGEST_BYTES].tobytes()
            if found != (expected := _expected(message)):
                wrong += 1
                first = first or f"{message.hex()}: {found.hex()}, expected {expected.hex()}"
        done += sizes.size
    return Mismatches("hashes.keccak256_many", samples, wrong, first)


COMPARISONS = (Comparison("hashes.keccak256", _one), Comparison("hashes.keccak256_many", _together))
