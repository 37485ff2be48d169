"""The compiled kernels read nothing outside a message: messages that touch a page which must not be read."""

import ctypes
import mmap
import subprocess
import sys

import numpy as np
import pytest
from Crypto.Hash import keccak

from tallyio.hot_path.hashes.batch import hash_arrays
from tallyio.hot_path.hashes.digest import keccak256
from tallyio.hot_path.hashes.keccak import hash_array

PAGE = mmap.PAGESIZE
PROT_NONE = 0


@pytest.mark.skipif(sys.platform != "linux", reason="mprotect is called by its Linux name")
def test_messages_against_a_forbidden_page_on_either_side() -> None:
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "same\n"), done.stderr


def guarded() -> None:
    """In a process of its own, since a read outside ends it."""
    memory = mmap.mmap(-1, 3 * PAGE)
    whole = np.frombuffer(memory, np.uint8)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    whole[:] = np.random.default_rng(0).integers(0, 256, whole.size, np.uint8)
    for page in (0, 2):
        assert libc.mprotect(whole.ctypes.data + page * PAGE, PAGE, PROT_NONE) == 0
    middle = whole[PAGE : 2 * PAGE]
    out = np.zeros(32, np.uint8)
    for length in range(300):
        for start in (0, PAGE - length):
            message = middle[start : start + length].tobytes()
            expected = keccak.new(digest_bits=256, data=message).digest()
            hash_array(middle[start : start + length], out)
            assert out.tobytes() == expected == keccak256(message)
            count = 9
            sizes = np.full(count, length, np.int64)
            many = np.zeros(32 * count, np.uint8)
            hash_arrays(middle, np.full(count, start, np.int64), sizes, many)
            assert many.tobytes() == expected * count
    print("same")


if __name__ == "__main__":
    guarded()
