"""Contracts that wrap a token at a rate: OpenZeppelin's ERC-4626 vault, and a stand-in for wrapped staked ether."""

from tallyio.devnet import solidity
from tallyio.devnet.artifacts import Artifact, from_source
from tallyio.devnet.deploy.tokens import CONTRACTS
from tallyio.devnet.packages import package


def wrapped_contracts() -> dict[str, Artifact]:
    """``SavingsVault``, ``StakedEther`` and ``WrappedStakedEther``."""
    roots = {f"wrapped/{file.name}": file for file in sorted((CONTRACTS / "wrapped").glob("*.sol"))}
    sources = solidity.gather(roots, {"@openzeppelin/contracts/": package("openzeppelin")})
    return from_source("0.8.30", solidity.standard_input(sources, wanted=roots, evm_version="shanghai"))
