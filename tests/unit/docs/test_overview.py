"""The system overview is true of the code: every path exists, every room is in the picture."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
OVERVIEW = (ROOT / "docs" / "architecture" / "system_overview.md").read_text()
ROW = re.compile(r"^\| ([A-Z]\d+(?:–[A-Z]\d+)?) \| [^|]+ \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)


def test_every_path_of_the_table_exists() -> None:
    rows = ROW.findall(OVERVIEW)
    assert len(rows) > 80
    for system, code, state in rows:
        paths = re.findall(r"`([^`]+)`", code)
        assert bool(paths) == (state.strip() != "open"), system
        for path in paths:
            places = (ROOT / path, ROOT / "src" / "tallyio" / path, *(ROOT / "src/tallyio/protocols/dex").glob(path))
            assert any(place.exists() for place in places), f"{system}: {path}"


def test_every_room_is_described() -> None:
    rooms = {p.name for p in (ROOT / "src" / "tallyio").iterdir() if (p / "__init__.py").exists()}
    described = set(re.findall(r"^\| `([a-z_]+)` \|", OVERVIEW, re.MULTILINE))
    assert rooms == described
