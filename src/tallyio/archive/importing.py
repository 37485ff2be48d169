"""``archive import``: JSON files into an archive folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.archive.sources import Source
from tallyio.archive.store import path_of, read_block, write_block

Tell = Callable[[str, int, int], None]


class Imported(msgspec.Struct, frozen=True):
    """Numbers of the blocks written, and the files of a folder that held none."""

    blocks: tuple[int, ...]
    passed_over: tuple[str, ...]


def import_files(paths: Sequence[Path], out: Path, tell: Tell = lambda name, done, total: None) -> Imported:
    """Read every block in ``paths`` (files, or folders of them) and write it to ``out``.

    A block that is there already gains what it lacked (traces beside a pre-state). Raises ``ArchiveError`` at the
    first file that is corrupt, or that was named itself and holds no block; what was written before is whole.
    """
    files = [(file, path.is_file()) for path in paths for file in _files(path)]
    source, written, passed_over = Source(), [], []
    for done, (file, named) in enumerate(files):
        tell(file.name, done, len(files))
        block = source.read(file)
        if block is not None:
            write_block(out, joined(out, block))
            written.append(block.number)
        elif named:
            raise ArchiveError(f"{file} holds no block", todo="Name a file with a block and its pre-state or traces")
        else:
            passed_over.append(file.name)
    tell("", len(files), len(files))
    if not written:
        raise ArchiveError(f"found no block in {', '.join(map(str, paths))}, expected JSON files of blocks")
    return Imported(tuple(sorted(set(written))), tuple(passed_over))


def joined(folder: Path, block: ArchivedBlock) -> ArchivedBlock:
    """``block`` with what the archive already knows of it. Raises ``ArchiveError`` where that is another block."""
    path = path_of(folder, block.number)
    if not path.exists():
        return block
    held = read_block(path)
    if (held.hash, held.chain_id) != (block.hash, block.chain_id):
        raise ArchiveError(
            f"{path} holds block {held.hash} of chain {held.chain_id}, found {block.hash} of chain {block.chain_id}",
            todo="Give each chain a folder of its own",
        )
    main, other = (block, held) if block.executable or not held.executable else (held, block)
    return msgspec.structs.replace(
        main,
        receipts=block.receipts if block.receipts is not None else held.receipts,
        traces=block.traces if block.traces is not None else held.traces,
        timestamp=main.timestamp if main.timestamp is not None else other.timestamp,
        base_fee_wei=main.base_fee_wei if main.base_fee_wei is not None else other.base_fee_wei,
    )


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.name.endswith((".json", ".json.gz")))
    return [path]
