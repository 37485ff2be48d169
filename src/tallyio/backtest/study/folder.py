"""The folder of a run: what it is a run of, each block's result as soon as there is one, and what came of it.

::

    run.json                    the run's identity, first
    blocks/<number>-<key>.json  one block's result
    ...                         tables, page; result.json last

Every file is whole or not there, so that a run that was killed goes on where it was.
"""

from pathlib import Path

import msgspec

from tallyio.backtest.study.identity import Identity
from tallyio.backtest.study.inputs import Input
from tallyio.backtest.study.records import BlockResult
from tallyio.core.errors import OperatorError
from tallyio.core.files import write_whole

RUN = "run.json"
BLOCKS = "blocks"
_ANOTHER = "Name another folder with --out"


class RunFolder:
    def __init__(self, path: Path, identity: Identity) -> None:
        self.path, self.identity = path, identity

    def begin(self, *, resume: bool) -> None:
        """Take the folder for this run. Raises ``OperatorError`` where it holds something else, or this very run and
        ``resume`` was not said."""
        if self.path.exists() and not self.path.is_dir():
            raise OperatorError(f"{self.path} is no folder", todo=_ANOTHER)
        marker = self.path / RUN
        if marker.exists():
            self._same(marker)
            if not resume:
                raise OperatorError(
                    f"{self.path} holds this very run already", todo="Go on with it: --resume. Or name another folder"
                )
        elif self.path.exists() and any(not each.name.startswith(f".{RUN}.") for each in self.path.iterdir()):
            raise OperatorError(f"{self.path} is not empty and holds no backtest", todo=_ANOTHER)
        for folder in (self.path, self.path / BLOCKS):
            for draft in folder.glob(".*.*") if folder.is_dir() else ():
                draft.unlink(missing_ok=True)
        if not marker.exists():
            write_whole(marker, msgspec.json.encode(self.identity))

    def load(self, one: Input) -> BlockResult | None:
        """The result of ``one``; None where it is still to be made."""
        path, key = self._path(one), self.identity.key(one)
        try:
            found = msgspec.json.decode(path.read_bytes(), type=BlockResult)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None
        return found if found.key == key else None

    def store(self, one: Input, result: BlockResult) -> None:
        write_whole(self._path(one), msgspec.json.encode(result))

    def _path(self, one: Input) -> Path:
        return self.path / BLOCKS / f"{one.number:010d}-{self.identity.key(one)}.json"

    def _same(self, marker: Path) -> None:
        try:
            held = msgspec.json.decode(marker.read_bytes(), type=Identity)
        except msgspec.MsgspecError:
            raise OperatorError(f"{marker} was not written by tallyio backtest", todo=_ANOTHER) from None
        if different := held.differences(self.identity):
            raise OperatorError(f"{self.path} holds another run: other {' and '.join(different)}", todo=_ANOTHER)
