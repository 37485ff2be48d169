"""Transactions decoded by the kernels and by ``rlp`` and ``eth_abi``: sound ones, wounded ones, wounded calls."""

from random import Random

from tallyio.hot_path.check.comparison import Comparison, Mismatches
from tallyio.hot_path.transactions.compare import difference
from tallyio.hot_path.transactions.decoded import Decoder
from tallyio.hot_path.transactions.samples import spoilt, spoilt_calls, transaction


def _compare(samples: int, seed: int) -> Mismatches:
    rng = Random(seed)  # noqa: S311 - inputs of a comparison
    decoder, calls = Decoder(), spoilt_calls(rng)
    mismatches, first = 0, ""
    for i in range(samples):
        raw = next(calls) if i % 3 == 2 else spoilt(rng, transaction(rng)) if i % 3 else transaction(rng)
        if found := difference(decoder, raw):
            mismatches += 1
            first = first or f"0x{raw.hex()}: {found}"
    return Mismatches("transactions.decode", samples, mismatches, first)


COMPARISONS: tuple[Comparison, ...] = (Comparison("transactions.decode", _compare),)
