"""Exchanges whose contracts no package holds: stand-ins of our own, with their interface, events and arithmetic.

They are written from the papers and public interfaces and judged by recorded answers of the real contracts.
"""

from functools import cache
from typing import Any

from tallyio.devnet import solidity
from tallyio.devnet.artifacts import Artifact, from_source
from tallyio.devnet.deploy.tokens import CONTRACTS

FAMILIES = ("solidly", "stableswap", "stable_legacy", "crypto", "book", "pancake", "slipstream")
COMPILER = "0.8.30"
ODD = "stand-ins, judged by recorded answers of the real contracts"


@cache
def standins(family: str) -> dict[str, Artifact]:
    """The contracts of one of ``FAMILIES``, by name."""
    return from_source(COMPILER, source(family))


def source(family: str) -> dict[str, Any]:
    """What the compiler is given."""
    roots = {f"standins/{family}/{file.name}": file for file in sorted((CONTRACTS / "standins" / family).glob("*.sol"))}
    outputs = [*solidity.OUTPUTS, "storageLayout"]
    chosen = {file: {"*": outputs} for file in roots}
    return solidity.standard_input(solidity.gather(roots), evm_version="cancun", outputSelection=chosen)
