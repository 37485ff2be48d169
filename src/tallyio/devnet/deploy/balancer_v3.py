"""Balancer v3 compiled from its published sources: the vault in its three parts, weighted and stable pools.

The packages hold no bytecode. Compiling takes about two minutes of a core and is kept.
"""

from collections.abc import Callable, Sequence

from tallyio.chains.addresses import created_by
from tallyio.core.errors import BugError
from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import Artifact, from_source
from tallyio.devnet.packages import package

ONE = 10**18
MIN_TRADE, MIN_WRAP = 10**6, 10**4
PAUSE_WINDOW_S, PAUSE_BUFFER_S = 90 * 86_400, 30 * 86_400
Create = Callable[[Artifact, bytes], Address]

COMPILER = "0.8.26"
VAULT_RUNS = 1
"""With more the vault outgrows the limit of a contract's code; the deployed one was built with settings of its own."""
_PACKAGES = ("interfaces", "pool-stable", "pool-utils", "pool-weighted", "solidity-utils", "vault")
CONTRACTS = {
    "Vault": ("vault", VAULT_RUNS),
    "VaultExtension": ("vault", 500),
    "VaultAdmin": ("vault", 500),
    "ProtocolFeeController": ("vault", 9999),
    "WeightedPool": ("pool-weighted", 9999),
    "StablePool": ("pool-stable", 9999),
}
"""Everything that a deployment needs: each contract's package and its compiler's runs."""


def balancer_v3_contract(name: str) -> Artifact:
    """One of ``CONTRACTS``."""
    part, runs = CONTRACTS[name]
    return from_source(COMPILER, _input(part, name, runs))[name]


def deploy_vault(create: Create, creator: Address, nonce: int, authorizer: Address) -> tuple[Address, Address]:
    """The vault, and the controller of what its protocol takes. Its parts name it before it is there: ``creator``'s
    next transaction has the ``nonce``."""
    vault = created_by(creator, nonce + 3)
    windows = PAUSE_WINDOW_S, PAUSE_BUFFER_S, MIN_TRADE, MIN_WRAP
    admin = create(
        balancer_v3_contract("VaultAdmin"), abi.pack("(address,uint32,uint32,uint256,uint256)", vault, *windows)
    )
    extension = create(balancer_v3_contract("VaultExtension"), abi.pack("(address,address)", vault, admin))
    fees = create(balancer_v3_contract("ProtocolFeeController"), abi.pack("(address,uint256,uint256)", vault, 0, 0))
    made = create(balancer_v3_contract("Vault"), abi.pack("(address,address,address)", extension, authorizer, fees))
    if made != vault:
        raise BugError(f"the vault of Balancer v3 is at {made}, its parts were told {vault}")
    return vault, fees


def weighted_pool(create: Create, vault: Address, weights: Sequence[int]) -> Address:
    """``weights`` (1e18) of its tokens in the order of their addresses."""
    told = ("P", "P", len(weights), list(weights), "1", [MIN_TRADE] * len(weights))
    types = "((string,string,uint256,uint256[],string,uint256[]),address)"
    return create(balancer_v3_contract("WeightedPool"), abi.pack(types, told, vault))


def stable_pool(create: Create, vault: Address, amplification: int) -> Address:
    types = "((string,string,uint256,string),address)"
    return create(balancer_v3_contract("StablePool"), abi.pack(types, ("P", "P", amplification, "1"), vault))


def registration(
    pool: Address, tokens: Sequence[tuple[Address, int, Address, bool]], fee: int, until: int = 2**31
) -> bytes:
    """The call of the vault that takes up ``pool``: its tokens sorted, each with its kind (1: counts at a rate), the
    provider of its rate, and whether its yield is taxed; ``fee`` 1e18; until when it may be paused (unix seconds)."""
    types = (
        "registerPool(address,(address,uint8,address,bool)[],uint256,uint32,bool,(address,address,address),"
        "address,(bool,bool,bool,bool))"
    )
    return abi.call(types, pool, list(tokens), fee, until, False, (ZERO_ADDRESS,) * 3, ZERO_ADDRESS, (False,) * 4)


def _input(part: str, name: str, runs: int) -> dict[str, object]:
    roots = {f"@balancer-labs/v3-{each}/": package(f"balancer-v3-{each}") for each in _PACKAGES}
    roots["@openzeppelin/contracts/"] = package("openzeppelin")
    roots["permit2/"] = package("permit2") / "lib/permit2"
    file = f"@balancer-labs/v3-{part}/contracts/{name}.sol"
    source = package(f"balancer-v3-{part}") / "contracts" / f"{name}.sol"
    sources = solidity.gather({file: source}, roots)
    return solidity.standard_input(sources, runs=runs, evm_version="cancun", wanted=[file], viaIR=True)
