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
KILLS = 8

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


def test_killed_at_any_moment_it_ends_with_the_same_result(archive: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    with start(archive, tmp_path / "whole") as whole:
        expected = json.loads(whole.communicate()[0])
    assert whole.returncode == 0
    seconds, draw, out = time.monotonic() - began, random.Random(SEED), tmp_path / "killed"
    killed = 0
    for _ in range(KILLS):
        with start(archive, out) as process:
            try:
                process.communicate(timeout=draw.uniform(0.1, 0.9) * seconds)
            except subprocess.TimeoutExpired:
                killed += 1
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                process.kill()
                process.wait()
                while not all(ended(int(child)) for child in children):  # ends with the test's own time limit
                    time.sleep(0.05)
        for name, content in files(out).items() if out.exists() else ():
            if name.endswith(".json"):
                assert json.loads(content), name
    with start(archive, out) as process:
        found = json.loads(process.communicate()[0])
    assert process.returncode == 0
    assert killed
    assert found["output_hash"] == expected["output_hash"]
    assert files(out) == files(tmp_path / "whole")
