"""The profile of compiled kernels, from the samples to the lines."""

import os
import re
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).parents[3] / "benchmarks"
LOOP = """
import numpy as np
from tallyio.hot_path.compiled import kernel

@kernel
def slow(rounds):
    value = np.uint64(3)
    for _ in range(rounds):
        value = value * value + np.uint64(2)  # the line where the time goes
    return value

@kernel
def never(rounds):
    return rounds + np.uint64(1)
"""
PROFILE = """
import numpy as np, busy
from profiling.attribution import attribute, loaded
from profiling.sampler import sampling
from tallyio.hot_path.compiled import KERNELS
busy.slow(np.uint64(1)), busy.never(np.uint64(1))
with sampling() as found:
    busy.slow(np.uint64(400_000_000))
places, outside = attribute(found[0], loaded(KERNELS))
for place, count in places.items(): print(place.function, place.module, count, place.text)
"""


def test_samples_fall_on_the_line_that_takes_the_time(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(LOOP)
    environment = os.environ | {
        "NUMBA_DEBUGINFO": "1",
        "XDG_CACHE_HOME": str(tmp_path),
        "PYTHONPATH": f"{tmp_path}:{TOOLS}",
    }
    done = subprocess.run([sys.executable, "-c", PROFILE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [re.fullmatch(r"(\w+) (\w+) (\d+) ?(.*)", line) for line in done.stdout.splitlines()]
    assert {one[1] for one in found if one} == {"slow"}
    assert {one[2] for one in found if one} == {"busy"}
    counts = {one[4]: int(one[3]) for one in found if one}
    loop = sum(n for text, n in counts.items() if text.startswith(("value = value", "for _")))
    assert loop > 50, "a loop of a second leaves some hundred samples"
    assert loop >= 0.9 * sum(counts.values())
