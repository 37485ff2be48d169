"""Compiles contracts/src and writes the artifacts that the package carries. `--check` only compares."""

import argparse
import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tallyio.devnet.solidity import compile_standard, gather, standard_input
from tallyio.execution.artifact import Artifact

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "contracts" / "src"
PACKAGE = ROOT / "src" / "tallyio"
COMPILER = "0.8.30"
SETTINGS: dict[str, Any] = {
    "evmVersion": "cancun",
    "viaIR": True,
    "optimizer": {"enabled": True, "runs": 1_000_000},
    "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
}
"""No metadata at the end of the code: the same sources give the same bytes wherever they lie."""
OUTPUTS = {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode"], "": ["ast"]}}


class Target(NamedTuple):
    """A contract, named as its file is, the folder of its source, and where its artifact goes."""

    contract: str
    folder: Path
    artifact: Path


EXECUTOR = Target("Executor", SOURCES, PACKAGE / "execution" / "artifacts" / "Executor.json")
LEG = Target("Leg", SOURCES, PACKAGE / "execution" / "artifacts" / "Leg.json")
SANDWICH = Target("Sandwich", SOURCES / "exposure", PACKAGE / "reports" / "artifacts" / "Sandwich.json")
"""Not among the executor's: nothing that signs or sends may load what stands above it."""
TARGETS = (EXECUTOR, LEG, SANDWICH)


def build(target: Target = EXECUTOR) -> Artifact:
    """Compile a contract with the pinned compiler and settings."""
    path = target.folder / f"{target.contract}.sol"
    name = str(path.relative_to(SOURCES.parent))
    sources = dict(sorted(gather({name: path}).items()))
    output = compile_standard(COMPILER, standard_input(sources, **SETTINGS, outputSelection=OUTPUTS))
    found = output["contracts"][name][target.contract]
    runtime = found["evm"]["deployedBytecode"]
    return Artifact(
        contract=target.contract,
        compiler=COMPILER,
        settings=SETTINGS,
        source_hash=source_hash(sources),
        abi=found["abi"],
        bytecode="0x" + found["evm"]["bytecode"]["object"],
        runtime="0x" + runtime["object"],
        immutables=_immutables((each["ast"] for each in output["sources"].values()), runtime["immutableReferences"]),
    )


def source_hash(sources: dict[str, str]) -> str:
    """sha256 over every path and text, in order of path."""
    digest = hashlib.sha256()
    for path, text in sorted(sources.items()):
        digest.update(f"{path}\0{text}\0".encode())
    return digest.hexdigest()


def encode(artifact: Artifact) -> bytes:
    return msgspec.json.format(msgspec.json.encode(artifact), indent=1) + b"\n"


def _immutables(asts: Iterable[dict[str, Any]], references: dict[str, list[dict[str, int]]]) -> dict[str, list[int]]:
    names = {
        str(node["id"]): node["name"]
        for unit in (unit for ast in asts for unit in ast["nodes"])
        if unit["nodeType"] == "ContractDefinition"
        for node in unit["nodes"]
        if node["nodeType"] == "VariableDeclaration"
    }
    return {names[key]: sorted(place["start"] for place in places) for key, places in sorted(references.items())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the artifact is out of date")
    check: bool = parser.parse_args().check
    stale = 0
    for target in TARGETS:
        built, path = encode(build(target)), target.artifact
        if path.exists() and path.read_bytes() == built:
            continue
        shown = path.relative_to(ROOT)
        if check:
            print(f"{shown} differs from contracts/src. Run: python tools/build_contracts.py")
            stale = 1
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(built)
        print(f"wrote {shown}")
    return stale


if __name__ == "__main__":
    sys.exit(main())
