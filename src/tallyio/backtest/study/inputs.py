"""The archives of a backtest: every block once, of one chain, in the order of their numbers."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

from tallyio.archive.store import identify
from tallyio.core.errors import OperatorError

Tell = Callable[[str, int, int], None]


class Input(msgspec.Struct, frozen=True):
    """One archive file. ``content``: hex of the BLAKE2b of its bytes."""

    path: str
    chain_id: int
    number: int
    content: str


def find_inputs(files: Sequence[Path], tell: Tell) -> list[Input]:
    """Every block of ``files``, ascending by number; a block that is there twice with equal content counts once.

    Raises ``ArchiveError`` for a file that is cut off, ``OperatorError`` for blocks of more than one chain and for two
    different archives of one block.
    """
    found: dict[int, Input] = {}
    for done, file in enumerate(files):
        tell(file.name, done, len(files))
        content = file.read_bytes()
        chain_id, number = identify(file, content)
        one = Input(str(file), chain_id, number, content_of(content))
        other = found.setdefault(number, one)
        first = next(iter(found.values()))
        if one.chain_id != first.chain_id:
            raise OperatorError(
                f"{one.path} is of chain {one.chain_id}, {first.path} of chain {first.chain_id}",
                todo="Run one backtest for each chain",
            )
        if other.content != one.content:
            raise OperatorError(
                f"{one.path} and {other.path} are different archives of block {number}", todo="Leave one of them out"
            )
    return [found[number] for number in sorted(found)]


def content_of(file: bytes) -> str:
    return blake2b(file, digest_size=32).hexdigest()
