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
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import msgspec

from tallyio.core.errors import OperatorError, OutOfReachError
from tallyio.devnet.node import npm_command

LOCK_FILE = Path(__file__).with_name("packages.lock.json")
ATTEMPTS = 3
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class Package(msgspec.Struct, frozen=True):
    """One tarball. ``keep`` lists the path prefixes that are unpacked (all, when empty)."""

    name: str
    version: str
    integrity: str
    keep: tuple[str, ...] = ()
    machine: str = ""

    @property
    def folder(self) -> str:
        return f"{self.name.replace('@', '').replace('/', '-')}-{self.version}"


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
    wanted = lock()[alias]
    target = cache_root() / "packages" / wanted.folder
    if not target.is_dir():
        _fetch(wanted, target)
    return target


def fetch(aliases: Iterable[str] | None = None) -> dict[str, Path]:
    """Fetch packages (all that this machine needs by default), four at a time."""
    names = list(aliases) if aliases is not None else [a for a, p in lock().items() if p.machine in ("", machine())]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(names, pool.map(package, names), strict=True))


def machine() -> str:
    return MACHINES.get(platform.machine(), platform.machine())


def anvil_binary() -> Path:
    """The anvil executable of this machine. ``$TALLYIO_ANVIL`` names another one."""
    chosen = os.environ.get("TALLYIO_ANVIL")
    if chosen:
        return Path(chosen)
    alias = f"anvil-linux-{machine()}"
    if platform.system() != "Linux" or alias not in lock():
        known = ", ".join(sorted(a for a in lock() if a.startswith("anvil-")))
        raise OperatorError(
            f"found {platform.system()} on {platform.machine()}, expected one of: {known}",
            todo="Install anvil yourself and name it in TALLYIO_ANVIL",
        )
    return package(alias) / "bin" / "anvil"


def soljson(version: str) -> Path:
    """The compiler of one Solidity version, as JavaScript."""
    return package(f"solc-{version}") / "soljson.js"


def _fetch(wanted: Package, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as scratch:
        tarball = _pack(wanted, Path(scratch))
        _check(wanted, tarball)
        unpacked = Path(scratch) / "unpacked"
        _unpack(tarball, unpacked, wanted.keep)
        try:
            unpacked.rename(target)
        except OSError:
            if not target.is_dir():  # else another process was faster; its copy is the same
                raise


def _pack(wanted: Package, scratch: Path) -> Path:
    spec = f"{wanted.name}@{wanted.version}"
    command = [*npm_command(), "pack", spec, "--ignore-scripts", "--loglevel=error", "--pack-destination", str(scratch)]
    settings = {
        "npm_config_update_notifier": "false",
        "npm_config_prefer_offline": "true",
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_timeout": "60000",
    }
    said = ""
    for _ in range(ATTEMPTS):
        done = subprocess.run(command, cwd=scratch, env={**os.environ, **settings}, capture_output=True, text=True)
        found = list(scratch.glob("*.tgz"))
        if done.returncode == 0 and found:
            return found[0]
        said = " ".join(done.stderr.split())[-300:]
    raise OutOfReachError(
        f"npm could not fetch {spec} in {ATTEMPTS} attempts: {said}",
        todo="Check the network and npm's registry setting, then try again",
    )


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
    """Unpack without the tarball's single top folder."""
    raw = target.with_name("raw")
    with tarfile.open(tarball) as archive:
        members = [m for m in archive if not keep or m.name.partition("/")[2].startswith(keep)]
        archive.extractall(raw, members=members, filter="data")
    (top,) = raw.iterdir()
    shutil.move(top, target)
