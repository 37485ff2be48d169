"""The door to Numba. A kernel cached from older source than it calls is wrong in silence, so the cache folder's name
is a hash of every source in ``hot_path``, of the versions of Numba and LLVM's binding, and of the processor that the
machine code is for; a change of any starts an empty cache. The folder's time of change is that of its last use.

Importing this module imports Numba (a quarter of a second): only kernels do, and what runs them imports them late.
"""

import os
import stat
import tempfile
from collections.abc import Callable
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

from llvmlite import binding

Function = TypeVar("Function", bound=Callable[..., Any])


def _digest() -> str:
    root = Path(__file__).parent
    processor = f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    versions = f"numba {version('numba')} llvmlite {version('llvmlite')}"
    digest = blake2b(f"{versions} {processor}".encode(), digest_size=8)
    for source in sorted(root.rglob("*.py")):
        digest.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


DIGEST = _digest()
"""Of this version's sources, compiler and processor: what processes must have in common to share memory."""


def cache_folder() -> Path:
    """Where this version's kernels are cached; under ``XDG_CACHE_HOME``, or a temporary folder where that is shut.

    The cache holds machine code that is run unseen, so a temporary folder is used only where it is the user's alone.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "tallyio" / "kernels" / DIGEST
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
    except OSError:
        return _temporary(DIGEST)
    return folder if os.access(folder, os.W_OK | os.X_OK) else _temporary(DIGEST)


def _temporary(name: str) -> Path:
    owned = Path(tempfile.gettempdir()) / f"tallyio-kernels-{os.getuid()}"
    owned.mkdir(exist_ok=True, mode=0o700)
    status = owned.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        owned = Path(tempfile.mkdtemp(prefix="tallyio-kernels-"))
    folder = owned / name
    folder.mkdir(exist_ok=True)
    os.utime(folder)
    return folder


os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())

import numba  # noqa: E402  (reads the folder while it is imported)

vars(numba.config)["CACHE_DIR"] = os.environ["NUMBA_CACHE_DIR"]  # for a Numba that something else imported earlier
DISABLED = bool(vars(numba.config)["DISABLE_JIT"])
"""With ``NUMBA_DISABLE_JIT=1`` the kernels are the plain Python functions that they are written as."""

KERNELS: list[Any] = []
"""Every kernel of the modules imported so far, in the order of their definition."""


def kernel(function: Function) -> Function:
    """``function`` compiled to machine code without the interpreter's lock: on its first call, or from the cache.

    Integer division by zero gives 0 and indices are not checked: a kernel checks what it has not made itself.
    """
    return _compiled(function, forceinline=False)


def inlined(function: Function) -> Function:
    """As ``kernel``, its code copied into every kernel that calls it: for what costs less than a call.

    Words of 256 bits passed between functions go through memory.
    """
    return _compiled(function, forceinline=True)


def _compiled(function: Function, forceinline: bool) -> Function:
    compile_it: Callable[[Function], Any] = numba.njit(
        nogil=True, cache=True, error_model="numpy", boundscheck=False, forceinline=forceinline
    )
    compiled = compile_it(function)
    KERNELS.append(compiled)
    return cast("Function", compiled)
