"""What a comparison of a kernel with its twin is and what it tells."""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import msgspec

from tallyio.hot_path import check


class Mismatches(msgspec.Struct, frozen=True):
    """``first`` tells the first mismatch: inputs, what the kernel and what the twin answered."""

    name: str
    compared: int
    mismatches: int
    first: str = ""


class Comparison(msgspec.Struct, frozen=True):
    """``run(samples, seed)`` compares a kernel with its twin on that many inputs."""

    name: str
    run: Callable[[int, int], Mismatches]


def comparisons() -> tuple[Comparison, ...]:
    """Those of every module in ``check`` that has ``COMPARISONS``, by the modules' names."""
    modules = sorted(module.name for module in iter_modules(check.__path__) if module.name != "__main__")
    found = [getattr(import_module(f"{check.__name__}.{name}"), "COMPARISONS", ()) for name in modules]
    return tuple(comparison for part in found for comparison in part)
