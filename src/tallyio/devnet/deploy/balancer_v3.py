"""Balancer v3 compiled from its published sources: the vault in its three parts, weighted and stable pools.

The packages hold no bytecode. Compiling takes about two minutes and is kept; only tests of these pools need it.
"""

from tallyio.devnet import solidity
from tallyio.devnet.artifacts import Artifact, from_source
from tallyio.devnet.packages import package

COMPILER = "0.8.26"
VAULT_RUNS = 1
"""With more the vault outgrows the limit of a contract's code; the deployed one was built with settings of its own."""
_PACKAGES = ("interfaces", "pool-stable", "pool-utils", "pool-weighted", "solidity-utils", "vault")
_CONTRACTS = (
    ("vault", "Vault", VAULT_RUNS),
    ("vault", "VaultExtension", 500),
    ("vault", "VaultAdmin", 500),
    ("vault", "ProtocolFeeController", 9999),
    ("pool-weighted", "WeightedPool", 9999),
    ("pool-stable", "StablePool", 9999),
)


def balancer_v3_contracts() -> dict[str, Artifact]:
    """Every contract that a deployment needs, by name."""
    return {name: from_source(COMPILER, _input(part, name, runs))[name] for part, name, runs in _CONTRACTS}


def is_compiled() -> bool:
    """Whether ``balancer_v3_contracts`` has nothing left to compile."""
    return all(solidity.is_kept(COMPILER, _input(part, name, runs)) for part, name, runs in _CONTRACTS)


def _input(part: str, name: str, runs: int) -> dict[str, object]:
    roots = {f"@balancer-labs/v3-{each}/": package(f"balancer-v3-{each}") for each in _PACKAGES}
    roots["@openzeppelin/contracts/"] = package("openzeppelin")
    roots["permit2/"] = package("permit2") / "lib/permit2"
    file = f"@balancer-labs/v3-{part}/contracts/{name}.sol"
    source = package(f"balancer-v3-{part}") / "contracts" / f"{name}.sol"
    sources = solidity.gather({file: source}, roots)
    return solidity.standard_input(sources, runs=runs, evm_version="cancun", wanted=[file], viaIR=True)
