"""The door to Numba. A kernel cached from older source than it calls is wrong in silence, so the cache folder's name
is a hash of every source in ``hot_path`` and of Numba's version; a change of either starts an empty cache.

Numba is imported on first use, never by importing this module.
"""

import os
import tempfile
from collections.abc import Callable
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any


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


def compile_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` compiled to machine code without the interpreter's lock; the first call builds or loads it."""
    folder = str(cache_folder())
    os.environ["NUMBA_CACHE_DIR"] = folder
    import numba

    vars(numba.config)["CACHE_DIR"] = folder  # for a Numba that something else imported earlier
    kernel: Callable[..., Any] = numba.njit(nogil=True, cache=True, boundscheck=False)(function)
    return kernel
