"""Solidity through the npm compiler: standard JSON in, standard JSON out, kept by the hash of the input."""

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from tallyio.core.errors import BugError
from tallyio.devnet.node import node_command
from tallyio.devnet.packages import cache_root, soljson

DRIVER = Path(__file__).with_name("solc.cjs")
OUTPUTS = ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences", "evm.deployedBytecode.object"]
_COMMENT = re.compile(r"(?:^|(?<=\s))//[^\n]*|/\*.*?\*/", re.S | re.M)  # a path may hold // too
_IMPORT = re.compile(r"""\bimport\s+(?:[^"';]*?\bfrom\s+)?["']([^"'\n]+)["']""")


def compile_standard(version: str, standard_input: Mapping[str, Any]) -> dict[str, Any]:
    """Run the compiler ``version`` on a standard JSON input; the same input is compiled once.

    Raises ``BugError`` with the compiler's first errors.
    """
    text = msgspec.json.encode(standard_input, order="sorted")
    kept = _place(version, text)
    if kept.exists():
        cached: dict[str, Any] = msgspec.json.decode(kept.read_bytes())
        return cached
    done = subprocess.run(
        [*node_command(), "--stack-size=8000", str(DRIVER), str(soljson(version))], input=text, capture_output=True
    )
    if done.returncode != 0 or not done.stdout:
        raise BugError(f"solc {version} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    output: dict[str, Any] = msgspec.json.decode(done.stdout)
    errors = [e["formattedMessage"] for e in output.get("errors", ()) if e["severity"] == "error"]
    if errors:
        raise BugError(f"solc {version} refused the sources: " + "\n".join(errors[:5]))
    _keep(kept, done.stdout)
    return output


def is_kept(version: str, standard_input: Mapping[str, Any]) -> bool:
    """Whether ``compile_standard`` would answer without compiling."""
    return _place(version, msgspec.json.encode(standard_input, order="sorted")).exists()


def _place(version: str, text: bytes) -> Path:
    name = hashlib.sha256(version.encode() + b"\0" + text).hexdigest()[:32]
    return cache_root() / "compiled" / f"{name}.json"


def standard_input(
    sources: Mapping[str, str],
    *,
    runs: int = 200,
    evm_version: str = "",
    wanted: Iterable[str] = ("*",),
    **settings: Any,
) -> dict[str, Any]:
    """A standard JSON input with the optimiser on and the outputs that a deployment needs.

    ``wanted`` names the files whose contracts are wanted; fewer compile faster.
    """
    chosen: dict[str, Any] = {
        "optimizer": {"enabled": True, "runs": runs},
        "outputSelection": {file: {"*": OUTPUTS} for file in wanted},
        **settings,
    }
    if evm_version:
        chosen["evmVersion"] = evm_version
    return {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sources.items()},
        "settings": chosen,
    }


def gather(roots: Mapping[str, Path], remappings: Mapping[str, Path] | None = None) -> dict[str, str]:
    """The sources of ``roots`` (name in the compilation: file) and of everything that they import.

    ``remappings`` give the folder of an import prefix; the longest prefix wins.
    """
    prefixes = sorted((remappings or {}).items(), key=lambda item: -len(item[0]))
    sources: dict[str, str] = {}
    todo = list(roots.items())
    while todo:
        name, file = todo.pop()
        if name in sources:
            continue
        sources[name] = text = file.read_text()
        for target in _IMPORT.findall(_COMMENT.sub("", text)):
            if target.startswith("."):
                joined = os.path.normpath(PurePosixPath(name).parent / target)
                todo.append((joined, Path(os.path.normpath(file.parent / target))))
                continue
            for prefix, folder in prefixes:
                if target.startswith(prefix):
                    todo.append((target, folder / target[len(prefix) :]))
                    break
            else:
                raise BugError(f"{name} imports {target}, expected one of the prefixes {[p for p, _ in prefixes]}")
    return sources


def _keep(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as scratch:
        scratch.write(content)
    Path(scratch.name).rename(target)
