"""Keccak-256 of the kernels beside libraries' and published answers."""

import os
import subprocess
import sys

import numpy as np
import pytest
from Crypto.Hash import keccak

from tallyio.hot_path.check.comparison import Comparison
from tallyio.hot_path.check.hashes import COMPARISONS
from tallyio.hot_path.hashes.batch import hash_arrays
from tallyio.hot_path.hashes.constants import MOVES, ROTATIONS, ROUND_CONSTANTS
from tallyio.hot_path.hashes.digest import keccak256
from tallyio.hot_path.hashes.keccak import hash_array

EMPTY = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def test_known_answers() -> None:
    assert keccak256(b"").hex() == EMPTY
    assert keccak256(b"Transfer(address,address,uint256)").hex() == TRANSFER


def test_the_derived_constants_are_the_published_ones() -> None:
    assert ROUND_CONSTANTS[:3] == (1, 0x8082, 0x800000000000808A)
    assert ROUND_CONSTANTS[-1] == 0x8000000080008008
    assert ROTATIONS[:6] == (0, 1, 62, 28, 27, 36)
    assert sorted(MOVES) == list(range(25))


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
def test_every_short_length_and_random_ones(comparison: Comparison) -> None:
    result = comparison.run(20_000, 3)
    assert result.compared == 20_000
    assert not result.mismatches, result.first


@pytest.mark.nightly
@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
def test_a_million_messages(comparison: Comparison) -> None:
    assert not (result := comparison.run(1_000_000, 4)).mismatches, result.first


@pytest.mark.parametrize("count", range(20))
def test_every_number_of_messages_fills_its_own_digests_alone(count: int) -> None:
    messages = [os.urandom(50 + i % 3 * 100) for i in range(count)]
    sizes = np.array([len(message) for message in messages], np.int64)
    data = np.frombuffer(b"".join(messages) + b"?", np.uint8).copy()
    out = np.full(32 * count + 32, 0xAA, np.uint8)
    hash_arrays(data, np.cumsum(sizes) - sizes, sizes, out)
    digests = [keccak.new(digest_bits=256, data=message).digest() for message in messages]
    assert out.tobytes() == b"".join(digests) + b"\xaa" * 32


def test_a_message_inside_a_buffer_is_hashed_from_a_view() -> None:
    data = np.frombuffer(os.urandom(400), np.uint8).copy()
    out = np.zeros(32, np.uint8)
    hash_array(data[7:290], out)
    assert out.tobytes() == keccak.new(digest_bits=256, data=data[7:290].tobytes()).digest()


PLAIN = """
import os
import numpy as np
from Crypto.Hash import keccak
from tallyio.hot_path.compiled import DISABLED
from tallyio.hot_path.hashes.batch import hash_arrays
from tallyio.hot_path.hashes.digest import keccak256
assert DISABLED
messages = [os.urandom(n) for n in [*range(0, 20), *range(130, 140), 271, 272, 273, 5000]]
expected = [keccak.new(digest_bits=256, data=message).digest() for message in messages]
assert [keccak256(message) for message in messages] == expected
sizes = np.array([len(message) for message in messages], np.int64)
data = np.frombuffer(b"".join(messages), np.uint8).copy()  # ends with the last message: a read beyond it would raise
out = np.zeros(32 * sizes.size, np.uint8)
hash_arrays(data, np.cumsum(sizes) - sizes, sizes, out)
assert out.tobytes() == b"".join(expected)
print("same")
"""


def test_the_same_source_hashes_as_plain_python() -> None:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", PLAIN], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "same\n", done.stderr


@pytest.mark.parametrize(("name", "lanes"), [("x86-64", 1), ("haswell", 4)])
def test_a_processor_with_narrower_vectors_gives_the_same_hashes(name: str, lanes: int, tmp_path: object) -> None:
    code = (
        "from tallyio.hot_path.check.hashes import COMPARISONS\n"
        "from tallyio.hot_path.hashes.primitives import LANES\n"
        "print(LANES, *[c.run(700, 5).mismatches for c in COMPARISONS])"
    )
    environment = os.environ | {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": "", "XDG_CACHE_HOME": str(tmp_path)}
    if name == "haswell":
        environment["NUMBA_CPU_FEATURES"] = "+avx,+avx2,+bmi,+bmi2,+sse4.2"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [str(lanes), "0", "0"], done.stderr
