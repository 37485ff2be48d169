"""Keccak-256 of the kernels for messages of any content and mixture."""

import numpy as np
from Crypto.Hash import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tallyio.hot_path.hashes.batch import hash_arrays
from tallyio.hot_path.hashes.digest import keccak256

messages = st.binary(max_size=600) | st.tuples(st.integers(0, 5_000), st.binary(min_size=1, max_size=1)).map(
    lambda pair: pair[1] * pair[0]
)


def expected(message: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=message).digest()


@settings(max_examples=500, deadline=None)
@given(messages)
def test_one_message(message: bytes) -> None:
    assert keccak256(message) == expected(message)


@settings(max_examples=200, deadline=None)
@given(st.lists(messages, max_size=40), st.binary(max_size=9))
def test_many_messages_that_lie_apart_or_over_one_another(mixed: list[bytes], before: bytes) -> None:
    data = np.frombuffer(before + b"".join(mixed) + b"!", np.uint8).copy()
    sizes = np.array([len(message) for message in mixed], np.int64)
    offsets = len(before) + np.cumsum(sizes) - sizes
    twice, lengths = np.concatenate([offsets, offsets]), np.concatenate([sizes, sizes // 2])
    out = np.zeros(32 * twice.size, np.uint8)
    hash_arrays(data, twice, lengths, out)
    digests = [expected(message) for message in mixed] + [expected(message[: len(message) // 2]) for message in mixed]
    assert out.tobytes() == b"".join(digests)
