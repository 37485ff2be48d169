"""Contracts ready to deploy: ABI, creation code, and the places where libraries are linked in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tallyio.chains.keccak import keccak256
from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.devnet import solidity
from tallyio.devnet.packages import package


class Artifact(msgspec.Struct, frozen=True):
    """``creation`` is hex without 0x; ``links`` give the byte offsets of each library's address in it."""

    name: str
    abi: list[dict[str, Any]]
    creation: str
    links: dict[str, tuple[int, ...]] = {}
    runtime: str = ""

    def code(self, libraries: Mapping[str, Address] | None = None, arguments: bytes = b"") -> bytes:
        """Creation code with ``libraries`` linked in and the encoded constructor arguments behind it."""
        linked = self.creation
        for library, offsets in self.links.items():
            target = (libraries or {}).get(library)
            if target is None:
                raise BugError(f"{self.name} needs the library {library}, expected its address")
            for offset in offsets:
                linked = linked[: 2 * offset] + target[2:] + linked[2 * offset + 40 :]
        return bytes.fromhex(linked) + arguments

    @property
    def init_code_hash(self) -> bytes:
        return keccak256(self.code())


def from_package(alias: str, path: str) -> Artifact:
    """An artifact as Hardhat or Waffle wrote it into a published package."""
    file = package(alias) / path
    content = msgspec.json.decode(file.read_bytes())
    bytecode = content.get("bytecode") or content["evm"]["bytecode"]
    links = content.get("linkReferences") or {}
    if isinstance(bytecode, dict):
        links = bytecode.get("linkReferences", links)
        bytecode = bytecode["object"]
    return Artifact(file.stem, content["abi"], bytecode.removeprefix("0x"), _links(links))


def from_source(version: str, standard_input: Mapping[str, Any]) -> dict[str, Artifact]:
    """Every contract of a compilation that has code, by name."""
    output = solidity.compile_standard(version, standard_input)
    found = {}
    for contracts in output["contracts"].values():
        for name, contract in contracts.items():
            evm = contract["evm"]
            if evm["bytecode"]["object"]:
                links = _links(evm["bytecode"].get("linkReferences", {}))
                runtime = evm["deployedBytecode"]["object"]
                found[name] = Artifact(name, contract["abi"], evm["bytecode"]["object"], links, runtime)
    return found


def _links(references: Mapping[str, Mapping[str, list[dict[str, int]]]]) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(place["start"] for place in places)
        for libraries in references.values()
        for name, places in libraries.items()
    }
