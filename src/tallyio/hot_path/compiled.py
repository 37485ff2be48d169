"""The door to Numba. A kernel cached from older source than it calls is wrong in silence, so the cache folder's name
is a hash of every source in ``hot_path`` and of Numba's version; a change of either starts an empty cache.

Importing this module imports Numba (a quarter of a second): only kernels do, and what runs them imports them late.
"""

import os
import tempfile
from collections.abc import Callable
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def cache_folder() -> Path:
    """Where this version's kernels are cached; under ``XDG_CACHE_HOME``, or a temporary folder where that is shut."""
    root = Path(__file__).parent
    digest = blake2b(f"numba {version('numba')}".encode(), digest_size=8)
    for source in sorted(root.rglob("*.py")):
        digest.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "tallyio" / "kernels" / digest.hexdigest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"tallyio-kernels-{os.getuid()}" / digest.hexdigest()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())

import numba  # noqa: E402  (reads the folder while it is imported)

vars(numba.config)["CACHE_DIR"] = os.environ["NUMBA_CACHE_DIR"]  # for a Numba that something else imported earlier
DISABLED = bool(vars(numba.config)["DISABLE_JIT"])
"""With ``NUMBA_DISABLE_JIT=1`` the kernels are the plain Python functions that they are written as."""


def kernel(function: Function) -> Function:
    """``function`` compiled to machine code without the interpreter's lock: on its first call, or from the cache.

    Integer division by zero gives 0 and indices are not checked: a kernel checks what it has not made itself.
    """
    compile_it: Callable[[Function], Any] = numba.njit(nogil=True, cache=True, error_model="numpy", boundscheck=False)
    return cast("Function", compile_it(function))
