"""Morpho compiled from its published sources; the package holds no bytecode. Only tests of its loans need it."""

from typing import Any

from tallyio.devnet import solidity
from tallyio.devnet.artifacts import Artifact, from_source
from tallyio.devnet.packages import cache_root, lock, package

COMPILER = "0.8.19"


def morpho_contract() -> Artifact:
    """``Morpho``, whose constructor takes its owner; under the compiler settings of the deployed one."""
    return from_source(COMPILER, _input())["Morpho"]


def is_compiled() -> bool:
    """Whether ``morpho_contract`` has nothing left to fetch or to compile."""
    return (cache_root() / "packages" / lock()["morpho"].folder).is_dir() and solidity.is_kept(COMPILER, _input())


def _input() -> dict[str, Any]:
    name = "src/Morpho.sol"
    sources = solidity.gather({name: package("morpho") / name})
    return solidity.standard_input(sources, runs=999_999, evm_version="paris", wanted=[name], viaIR=True)
