"""``kill -9`` of a backtest again and again: what comes out in the end is what an undisturbed run gives."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tallyio.archive.importing import import_files

ROOT = Path(__file__).parents[2]
PLACES = [folder / "shared" / "data" / "mainnet-blocks" for folder in (ROOT.parent, ROOT.parent.parent)]
DATA = next((place for place in PLACES if place.is_dir()), PLACES[0])
BLOCKS = (12522062, 13287210, 15537393, 15537394, 17034869, 19426587, 19923400, 19933122)
SEED = 3
KILLS = 6

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1_800)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is absent: this judge cannot speak here")
    out = tmp_path_factory.mktemp("archive")
    import_files([DATA / f"{number}.json.gz" for number in BLOCKS], out)
    return out


def start(archive: Path, out: Path) -> subprocess.Popen[str]:
    """Goes on where a run was begun."""
    words = [sys.executable, "-m", "tallyio", "backtest", str(archive), "--out", str(out), "--jobs", "2", "--json"]
    resume = ["--resume"] if (out / "run.json").exists() else []
    pipe = subprocess.PIPE
    return subprocess.Popen([*words, *resume], stdout=pipe, stderr=subprocess.DEVNULL, text=True)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ended(pid: int) -> bool:
    """Gone, or only its entry is left."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def kill(process: subprocess.Popen[str]) -> None:
    """And wait until what it had started has ended by itself."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.wait()
    while not all(ended(int(child)) for child in children):  # ends with the test's own time limit
        time.sleep(0.05)


def test_killed_again_and_again_it_ends_with_the_same_result(archive: Path, tmp_path: Path) -> None:
    """Each kill comes at a random moment within a few blocks of what was done before, the first before any."""
    with start(archive, tmp_path / "whole") as whole:
        expected = json.loads(whole.communicate()[0])
    assert whole.returncode == 0
    draw, out, killed = random.Random(SEED), tmp_path / "killed", 0
    for number in range(KILLS):
        before = len(list(out.glob("blocks/[0-9]*")))
        with start(archive, out) as process:
            wanted = before + (number > 0) * draw.choice((1, 1, 2))
            while process.poll() is None and not (
                (out / "run.json").exists() and len(list(out.glob("blocks/[0-9]*"))) >= wanted
            ):
                time.sleep(0.002)
            time.sleep(draw.uniform(0, 0.1))
            if process.poll() is None:
                killed += 1
                kill(process)
        for path in out.rglob("[!.]*.json"):
            assert json.loads(path.read_bytes()), path
    with start(archive, out) as process:
        found = json.loads(process.communicate()[0])
    assert process.returncode == 0
    assert killed >= 3
    assert found["output_hash"] == expected["output_hash"]
    assert files(out) == files(tmp_path / "whole")
