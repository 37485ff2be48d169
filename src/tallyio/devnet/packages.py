"""The npm packages that the devnet is made of: fetched by npm, checked against our lock, unpacked into the cache.

No install script runs and no dependency tree is resolved: each package is one tarball whose sha512 is in
``packages.lock.json``. A fetch that is killed half-way leaves nothing under the final name.
"""

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

import msgspec

from tallyio.core.errors import OperatorError, OutOfReachError
from tallyio.devnet.node import npm_command

LOCK_FILE = Path(__file__).with_name("packages.lock.json")
ATTEMPTS = 3
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class Package(msgspec.Struct, frozen=True):
    """One tarball. ``keep`` lists the path prefixes that are unpacked (all, when empty); ``spare`` ones are fetched
    only by what asks for them by name."""

    name: str
    version: str
    integrity: str
    keep: tuple[str, ...] = ()
    machine: str = ""
    spare: bool = False

    @property
    def folder(self) -> str:
        return f"{self.name.replace('@', '').replace('/', '-')}-{self.version}"

    @property
    def tarball(self) -> str:
        """What npm calls the package's file."""
        return f"{self.folder}.tgz"


@cache
def lock() -> dict[str, Package]:
    """The packages by the name that our code uses for them."""
    return msgspec.json.decode(LOCK_FILE.read_bytes(), type=dict[str, Package])


def cache_root() -> Path:
    """Where downloads, compilations and worlds are kept: ``$TALLYIO_CACHE`` or ``~/.cache/tallyio``."""
    chosen = os.environ.get("TALLYIO_CACHE")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "tallyio"


def package(alias: str) -> Path:
    """The folder of an unpacked package; fetches it where it is missing."""
    return fetch((alias,))[alias]


def fetch(aliases: Iterable[str] | None = None, say: Callable[[str], None] = lambda line: None) -> dict[str, Path]:
    """The folders of packages (all that this machine needs by default); one npm fetches those that are missing.

    ``say`` is told what happens, a line at a time.
    """
    names = list(aliases) if aliases is not None else needed()
    folders = {name: cache_root() / "packages" / lock()[name].folder for name in names}
    missing = [lock()[name] for name, folder in folders.items() if not folder.is_dir()]
    if missing:
        say("fetching " + ", ".join(f"{p.name}@{p.version}" for p in missing))
        _fetch(missing, cache_root() / "packages")
    return folders


def needed() -> list[str]:
    """The aliases of all packages that this machine needs for worlds and the quick tests."""
    return [alias for alias, wanted in lock().items() if not wanted.spare and wanted.machine in ("", machine())]


def machine() -> str:
    return MACHINES.get(platform.machine(), platform.machine())


def anvil_binary() -> Path:
    """The anvil executable of this machine. ``$TALLYIO_ANVIL`` names another one."""
    return _binary("anvil")


def forge_binary() -> Path:
    """The forge executable of this machine, for the fuzz tests. ``$TALLYIO_FORGE`` names another one."""
    return _binary("forge")


def _binary(tool: str) -> Path:
    variable = f"TALLYIO_{tool.upper()}"
    chosen = os.environ.get(variable)
    if chosen:
        return Path(chosen)
    alias = f"{tool}-linux-{machine()}"
    if platform.system() != "Linux" or alias not in lock():
        known = ", ".join(sorted(a for a in lock() if a.startswith(f"{tool}-")))
        raise OperatorError(
            f"found {platform.system()} on {platform.machine()}, expected one of: {known}",
            todo=f"Install {tool} yourself and name it in {variable}",
        )
    return package(alias) / "bin" / tool


def soljson(version: str) -> Path:
    """The compiler of one Solidity version, as JavaScript."""
    return package(f"solc-{version}") / "soljson.js"


def _fetch(wanted: Sequence[Package], folder: Path) -> None:
    """Packages under their final names in ``folder``: each appears there whole and checked, or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as name:
        scratch = Path(name)
        pack(wanted, scratch)
        for one in wanted:
            tarball = scratch / one.tarball
            _check(one, tarball)
            unpacked, target = scratch / one.folder, folder / one.folder
            _unpack(tarball, unpacked, one.keep)
            try:
                unpacked.rename(target)
            except OSError:
                if not target.is_dir():  # else another process was faster; its copy is the same
                    raise


def pack(wanted: Sequence[Package], scratch: Path) -> None:
    """Let npm write each package's tarball into ``scratch``; what is in it is not checked.

    Raises ``OutOfReachError`` with npm's last words when some do not arrive in ``ATTEMPTS``.
    """
    settings = {
        "npm_config_update_notifier": "false",
        "npm_config_prefer_offline": "true",
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_timeout": "60000",
    }
    command = [*npm_command(), "pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", str(scratch)]
    missing, said = list(wanted), ""
    for _ in range(ATTEMPTS):
        specs = [f"{one.name}@{one.version}" for one in missing]
        run = [*command, *specs]
        done = subprocess.run(run, cwd=scratch, env={**os.environ, **settings}, capture_output=True, text=True)
        if done.returncode == 0 and all((scratch / one.tarball).exists() for one in missing):
            return
        said = " ".join(done.stderr.split())[-300:]
        missing = [one for one in missing if not _arrived(one, scratch / one.tarball)]
        if not missing:
            return
    raise OutOfReachError(
        f"npm could not fetch {', '.join(f'{p.name}@{p.version}' for p in missing)} in {ATTEMPTS} attempts: {said}",
        todo="Check the network and npm's registry setting, then try again",
    )


def _arrived(wanted: Package, tarball: Path) -> bool:
    """Whether a run of npm that failed left this tarball whole; one that it did not is removed."""
    if tarball.exists() and integrity(tarball) == wanted.integrity:
        return True
    tarball.unlink(missing_ok=True)
    return False


def integrity(tarball: Path) -> str:
    """The npm spelling of a file's sha512."""
    return "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()


def _check(wanted: Package, tarball: Path) -> None:
    found = integrity(tarball)
    if found != wanted.integrity:
        raise OperatorError(
            f"{wanted.name}@{wanted.version} has the checksum {found}, expected {wanted.integrity}",
            todo="The registry serves another file than the one this release was tested with; do not use it",
        )


def _unpack(tarball: Path, target: Path, keep: tuple[str, ...]) -> None:
    """Unpack the regular files, without the tarball's single top folder; npm packs nothing else.

    By hand, because the ``data`` filter of ``tarfile`` is missing before Python 3.11.4.
    """
    target.mkdir()
    with tarfile.open(tarball) as archive:
        for member in archive:
            inner = PurePosixPath(member.name.partition("/")[2])
            content = archive.extractfile(member) if member.isreg() else None
            if content is None or (keep and not str(inner).startswith(keep)):
                continue
            if inner.is_absolute() or ".." in inner.parts:
                raise OperatorError(
                    f"{tarball.name} holds {member.name}, expected only files below one folder", todo="Do not use it"
                )
            file = target / inner
            file.parent.mkdir(parents=True, exist_ok=True)
            with content, file.open("wb") as out:
                shutil.copyfileobj(content, out)
            file.chmod(0o755 if member.mode & 0o111 else 0o644)
