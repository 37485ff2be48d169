"""Compiled contracts, and the executor that ships with the package (built by ``tools/build_contracts.py``)."""

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


class Artifact(msgspec.Struct, frozen=True):
    """``bytecode`` creates the contract (constructor arguments follow it), ``runtime`` is what then lies on chain,
    with zeros where ``immutables`` (name to byte offsets of 32-byte words) are filled in. Both are 0x-hex.

    ``compiler`` and ``settings`` are what the sources, whose sha256 is ``source_hash``, were compiled with.
    """

    contract: str
    compiler: str
    settings: dict[str, Any]
    source_hash: str
    abi: list[dict[str, Any]]
    bytecode: str
    runtime: str
    immutables: dict[str, list[int]]

    @property
    def creation_code(self) -> bytes:
        return bytes.fromhex(self.bytecode.removeprefix("0x"))

    @property
    def runtime_code(self) -> bytes:
        return bytes.fromhex(self.runtime.removeprefix("0x"))


@cache
def executor_artifact() -> Artifact:
    return load((files("tallyio.execution") / "artifacts" / "Executor.json").read_bytes())


@cache
def leg_artifact() -> Artifact:
    """The executor with the entry for legs (``tallyio.execution.leg``)."""
    return load((files("tallyio.execution") / "artifacts" / "Leg.json").read_bytes())


def executor_errors() -> list[str]:
    return errors_of(executor_artifact())


def errors_of(artifact: Artifact) -> list[str]:
    """Custom errors as Solidity writes them, such as ``"NotOwner(address caller)"``."""
    return [
        f"{item['name']}({','.join(each['type'] + ' ' + each['name'] for each in item['inputs'])})"
        for item in artifact.abi
        if item["type"] == "error"
    ]


def load(data: bytes) -> Artifact:
    return msgspec.json.decode(data, type=Artifact)
