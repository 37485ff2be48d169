"""The machine and the versions that a run's figures belong to."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tallyio.hot_path.cpu.layout import Layout

PACKAGES = ("tallyio", "numba", "llvmlite", "numpy", "coincurve", "pycryptodome", "pyrevm")


def machine(layout: Layout, core: int | None) -> dict[str, Any]:
    """Model, cores, system, load; ``core`` is the one that rows are measured on."""
    governors = {c.governor for c in layout.cores} - {None}
    return {
        "cpu": layout.model,
        "architecture": layout.architecture,
        "cores": len(layout.cores),
        "numa_nodes": layout.nodes,
        "core": core,
        "kernel": platform.release(),
        "governor": "/".join(sorted(map(str, governors))) or None,
        "clock_source": layout.clock_source,
        "virtual": layout.virtual,
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def versions() -> dict[str, str]:
    """Of Python and of what the figures depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
