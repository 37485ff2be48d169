"""``tallyio warmup``: every kernel compiled into the cache, and caches that nothing uses any more removed."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tallyio.hot_path import warm
from tallyio.hot_path.compiled import DISABLED, KERNELS, cache_folder

KEPT_S = 30 * 86_400
"""How long a cache that no process has opened is kept: a version may be gone back to."""
KEPT = 12
"""The most caches that are kept; each edit of a kernel makes one, of a few megabytes."""
RECENT_S = 3600
"""One opened this recently may be in use now: it is never removed."""

Progress = Callable[[str, int, int], None]
"""Told a part's name before it is warmed, how many are done and how many there are; at the end an empty name."""


def warm_all(progress: Progress) -> dict[str, Any]:
    """Warm every part; how many kernels were compiled and how many loaded, how long each part took, and the folder."""
    started = time.perf_counter()
    names = warm.parts()
    parts = []
    for done, name in enumerate(names):
        progress(name, done, len(names))
        parts.append(_warm_one(name))
    progress("", len(names), len(names))
    folder = cache_folder()
    return {
        "ok": True,
        "kernels": sum(len(part["kernels"]) for part in parts),
        "seconds": round(time.perf_counter() - started, 3),
        "folder": str(folder),
        "cached": sum(part["cached"] for part in parts),
        "compiled": sum(part["compiled"] for part in parts),
        "interpreted": DISABLED,
        "parts": parts,
        "removed": prune(folder, time.time()),
    }


def _warm_one(name: str) -> dict[str, Any]:
    before = _counts()
    started = time.perf_counter()
    warm.warm(name)
    seconds = time.perf_counter() - started
    kernels, cached, compiled = [], 0, 0
    for identity, (label, signatures, hits, misses) in _counts().items():
        _, _, old_hits, old_misses = before.get(identity, ("", [], 0, 0))
        if hits + misses > old_hits + old_misses:
            kernels.append({"name": label, "signatures": signatures})
            cached += hits - old_hits
            compiled += misses - old_misses
    return {"part": name, "seconds": round(seconds, 3), "cached": cached, "compiled": compiled, "kernels": kernels}


def _counts() -> dict[int, tuple[str, list[str], int, int]]:
    """Of each kernel: name, signatures ready, and how many of them were loaded and how many compiled."""
    found = {}
    for one in () if DISABLED else KERNELS:
        label = f"{one.py_func.__module__.removeprefix('tallyio.hot_path.')}.{one.py_func.__qualname__}"
        signatures = [f"({', '.join(map(str, signature))})" for signature in one.signatures]
        stats = one.stats
        found[id(one)] = (label, signatures, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
    return found


def prune(current: Path, now: float) -> list[str]:
    """Remove caches beside ``current`` that were last opened before ``KEPT_S``, or that exceed the newest ``KEPT``.

    ``now`` in seconds since 1970. Returns the names removed; what another process removed first is no error.
    """
    others = []
    for folder in current.parent.iterdir():
        if folder != current and re.fullmatch(r"[0-9a-f]{16}", folder.name) and folder.is_dir():
            others.append((now - folder.stat().st_mtime, folder))
    removed = []
    for place, (age, folder) in enumerate(sorted(others)):
        if age > RECENT_S and (age > KEPT_S or place >= KEPT - 1):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed
