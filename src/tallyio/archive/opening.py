"""Archives as commands are given them: files, folders, or the JSON files that ``archive import`` reads."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tallyio.archive.importing import Tell, import_files
from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.archive.store import blocks_in, read_block
from tallyio.core.errors import OperatorError

_JSON = (".json", ".json.gz")


@contextmanager
def archives(paths: Sequence[Path], tell: Tell = lambda name, done, total: None) -> Iterator[list[Path]]:
    """The archive files that ``paths`` name, each once. JSON files, and those of a folder without archives, are
    imported into a folder that is gone in the end.

    Raises ``OperatorError`` for a path that is not there, ``ArchiveError`` for one that holds no block.
    """
    if not paths:
        raise OperatorError("found no path, expected archive files or folders", todo="Name some")
    for path in paths:
        if not path.exists():
            raise OperatorError(f"{path}: no such file or folder", todo="Check the path")
    with tempfile.TemporaryDirectory(prefix="tallyio-") as kept:
        found: list[Path] = []
        for place, path in enumerate(paths):
            if _is_json(path):
                out = Path(kept) / str(place)
                out.mkdir()
                import_files([path], out, tell)
                path = out
            found += blocks_in(path)
        yield list(dict.fromkeys(path.resolve() for path in found))


def executable_blocks(files: Sequence[Path]) -> Iterator[ArchivedBlock]:
    """The blocks in ``files`` that have their pre-state, each hash once. Of those with traces alone none is given, but
    where there is no other: then ``ArchiveError`` is raised."""
    seen: set[str] = set()
    for path in files:
        block = read_block(path)
        if block.executable and block.hash not in seen:
            seen.add(block.hash)
            yield block
    if not seen:
        raise ArchiveError(
            f"found no block with its pre-state in {len(files)} archives, only traces",
            todo="Fetch or import blocks with their pre-state",
        )


def _is_json(path: Path) -> bool:
    if path.is_dir():
        return not any(path.glob("[0-9]*.parquet")) and any(file.name.endswith(_JSON) for file in path.iterdir())
    return path.name.endswith(_JSON)
