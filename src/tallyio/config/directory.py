"""A configuration directory: which files it holds and how they are found."""

from pathlib import Path
from typing import TypeVar

import msgspec

from tallyio.config.loader import load
from tallyio.config.settings import ChainSettings, Settings
from tallyio.core.errors import ConfigError

T = TypeVar("T")


class ConfigDirectory(msgspec.Struct, frozen=True):
    """A directory whose ``tallyio.toml`` and chain file have been read and validated."""

    root: Path
    settings: Settings
    chain: ChainSettings

    @classmethod
    def open(cls, root: Path) -> "ConfigDirectory":
        if not root.is_dir():
            raise ConfigError(
                f"{root}: no such directory", todo="Name a directory with tallyio.toml; the README shows one"
            )
        settings = load(root / "tallyio.toml", Settings)
        chain = load(root / "chains" / f"{settings.chain}.toml", ChainSettings)
        return cls(root=root, settings=settings, chain=chain)

    @property
    def data_dir(self) -> Path:
        return self.resolve(self.settings.data_dir)

    def resolve(self, path: str) -> Path:
        """A path from a settings file, relative to the directory."""
        return (self.root / Path(path).expanduser()).resolve()

    def strategy(self, name: str, into: type[T]) -> T:
        return load(self.root / "strategies" / f"{name}.toml", into)

    def limits(self, into: type[T]) -> T:
        return load(self.root / "risk" / "limits.toml", into)
