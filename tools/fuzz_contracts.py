"""Runs contracts/test/fuzz with forge against published bytecode; arguments go on to `forge test`."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tallyio.devnet.artifacts import from_package
from tallyio.devnet.deploy.balancer import balancer_artifact
from tallyio.devnet.deploy.tokens import own_contracts
from tallyio.devnet.node import node_command
from tallyio.devnet.packages import cache_root, forge_binary, soljson
from tallyio.devnet.solidity import DRIVER
from tallyio.execution.artifact import executor_artifact, leg_artifact

ROOT = Path(__file__).resolve().parents[1] / "contracts"
COMPILER = "0.8.30"
V3, V4 = "artifacts/contracts/{0}.sol/{0}.json", "out/{0}.sol/{0}.json"


def codes() -> dict[str, str]:
    """Creation code by name, as hex with 0x: what the tests deploy."""
    published = {
        "WETH9": from_package("uniswap-v2-periphery", "build/WETH9.json"),
        "UniswapV2Factory": from_package("uniswap-v2-core", "build/UniswapV2Factory.json"),
        "UniswapV3Factory": from_package("uniswap-v3-core", V3.format("UniswapV3Factory")),
        "QuoterV2": from_package("uniswap-router02", "artifacts/contracts/lens/QuoterV2.sol/QuoterV2.json"),
        "PoolManager": from_package("uniswap-v4-core", V4.format("PoolManager")),
        "PoolModifyLiquidityTest": from_package("uniswap-v4-core", V4.format("PoolModifyLiquidityTest")),
        "Authorizer": balancer_artifact("20210418-authorizer", "Authorizer"),
        "Vault": balancer_artifact("20210418-vault", "Vault"),
        "OpenToken": own_contracts()["OpenToken"],
    }
    found = {name: "0x" + artifact.creation for name, artifact in published.items()}
    return {**found, "Executor": executor_artifact().bytecode, "Leg": leg_artifact().bytecode}


def compiler_program(folder: Path) -> Path:
    """A program that forge takes for a native compiler: ours, as JavaScript."""
    program = folder / f"solc-{COMPILER}"
    words = [*node_command(), "--stack-size=8000", str(DRIVER), str(soljson(COMPILER))]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)
    return program


def settings(folder: Path) -> Mapping[str, str]:
    """The environment of forge: nothing is written into the repository."""
    kept = cache_root() / "forge"
    return {
        "FOUNDRY_PROFILE": "fuzz",
        "FOUNDRY_SOLC": str(compiler_program(folder)),
        "FOUNDRY_OUT": str(kept / "out"),
        "FOUNDRY_CACHE_PATH": str(kept / "cache"),
        **{f"TALLYIO_CODE_{contract}": code for contract, code in codes().items()},
    }


def main() -> int:
    forge = forge_binary()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        command = [str(forge), "test", "--root", str(ROOT), *sys.argv[1:]]
        return subprocess.run(command, cwd=folder, env={**os.environ, **settings(folder)}).returncode


if __name__ == "__main__":
    sys.exit(main())
