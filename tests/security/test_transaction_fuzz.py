"""Hostile bytes: no input crashes the decoder or makes it read beside the bytes it was given.

Each input lies right against a page that the process may not read, so a read outside is a segmentation fault; hence the
process of its own.
"""

import subprocess
import sys

import pytest

from tallyio.hot_path.transactions.codes import Code


def _run(inputs, seed, timeout):
    command = [sys.executable, "-m", "tallyio.hot_path.transactions.fuzz"]
    done = subprocess.run(
        [*command, f"--inputs={inputs}", f"--seed={seed}"], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {name: int(count) for count, name in (line.split() for line in done.stdout.splitlines())}


def test_a_hundred_thousand_wounded_transactions():
    found = _run(100_000, 11, 250)
    assert sum(found.values()) == 100_000
    # the wounds reach every reader: there is some of each, and some inputs live
    assert found["OK"] > 1000
    for code in (Code.ENDS_EARLY, Code.LEADING_ZERO, Code.BAD_OFFSET, Code.ARGUMENTS_SHORT, Code.DIRTY_PADDING):
        assert found[code.name] > 100


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_ten_million_wounded_transactions():
    assert sum(sum(_run(2_500_000, seed, 3000).values()) for seed in range(4)) == 10_000_000


def test_the_fence_stops_a_read_beside_it():
    """Otherwise the test above could not fail."""
    script = (
        "import numpy as np\n"
        "from tallyio.hot_path.transactions.fuzz import Fenced\n"
        "fenced = Fenced()\n"
        "view = fenced.holding(b'x', at_end=True)\n"
        "assert view[0] == ord('x')\n"
        "print('inside', flush=True)\n"
        "np.lib.stride_tricks.as_strided(view, (2,))[1] == 0\n"
        "print('outside', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "inside\n"
    assert done.returncode < 0
