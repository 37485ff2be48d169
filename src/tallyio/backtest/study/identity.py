"""What a run is a run of: archives, settings and code, each as one hash."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

import tallyio
from tallyio.backtest.exchanges import Exchanges
from tallyio.backtest.study.inputs import Input
from tallyio.backtest.study.settings import BacktestSettings
from tallyio.core.ids import content_id

_SOURCES = frozenset({".py", ".toml", ".json"})


class Identity(msgspec.Struct, frozen=True):
    """Where two runs have the same, they give the same result."""

    archives: str
    settings: str
    code: str

    def key(self, one: Input) -> str:
        """Of one block's result: its file's content, the settings and the code."""
        return content_id(one.content, self.settings, self.code)

    def differences(self, other: "Identity") -> list[str]:
        return [name for name in self.__struct_fields__ if getattr(self, name) != getattr(other, name)]


def identify(inputs: Sequence[Input], settings: BacktestSettings, exchanges: Exchanges) -> Identity:
    return Identity(
        archives=content_id(*((one.chain_id, one.number, one.content) for one in inputs)),
        settings=content_id(msgspec.json.encode(settings, order="deterministic"), repr(exchanges)),
        code=code_digest(),
    )


def code_digest() -> str:
    """Of every source and data file of the package."""
    root = Path(tallyio.__file__).parent
    digest = blake2b(digest_size=8)
    for path in sorted(path for path in root.rglob("*") if path.suffix in _SOURCES):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}:{len(content)}:".encode() + content)
    return digest.hexdigest()
