"""PancakeSwap v2: the published source with the fee of the pairs in production.

The package ``@pancakeswap-libs/pancake-swap-core`` is an early build whose pair keeps 2 of 1000 (0.20 %). The pairs in
production keep 25 of 10000 (0.25 %); the check of K is where the two differ for a swap. Here the package's own Solidity
is compiled as its authors did (solc 0.5.16, istanbul, 999999 runs), with those constants and nothing else changed. Each
change states the exact text that it replaces and how often, so another source is refused, not guessed at.
"""

from collections.abc import Mapping

from tallyio.core.errors import BugError
from tallyio.devnet import solidity
from tallyio.devnet.artifacts import Artifact, from_source
from tallyio.devnet.packages import package

PAIR = "contracts/PancakePair.sol"
FACTORY = "contracts/PancakeFactory.sol"
ODD = "published source with production's fee constant"
SCALE, FEE = 10_000, 25
"""The pair keeps ``FEE`` of every ``SCALE`` that are paid in."""

PRODUCTION_FEE = {
    "balance0.mul(1000).sub(amount0In.mul(2))": f"balance0.mul({SCALE}).sub(amount0In.mul({FEE}))",
    "balance1.mul(1000).sub(amount1In.mul(2))": f"balance1.mul({SCALE}).sub(amount1In.mul({FEE}))",
    "uint(_reserve0).mul(_reserve1).mul(1000**2)": f"uint(_reserve0).mul(_reserve1).mul({SCALE}**2)",
}


def published_sources() -> dict[str, str]:
    """The factory's and the pair's sources with all that they import, as the package has them."""
    return solidity.gather({FACTORY: package("pancakeswap-v2") / FACTORY})


def with_production_fee(sources: Mapping[str, str]) -> dict[str, str]:
    """``sources`` with the three constants of the check of K replaced. Raises ``BugError`` unless each stands there
    exactly once."""
    text = sources[PAIR]
    for found, wanted in PRODUCTION_FEE.items():
        if text.count(found) != 1:
            raise BugError(f"{PAIR} has {found!r} {text.count(found)} times, expected the published source, with one")
        text = text.replace(found, wanted)
    return {**sources, PAIR: text}


def compiled(sources: Mapping[str, str]) -> dict[str, Artifact]:
    """Every contract of ``sources`` by name, under the compiler settings that the package's metadata names."""
    given = solidity.standard_input(sources, runs=999_999, evm_version="istanbul", wanted=(FACTORY, PAIR))
    return from_source("0.5.16", given)


def pancake_contracts() -> dict[str, Artifact]:
    """``PancakeFactory`` and ``PancakePair`` at 0.25 %."""
    return compiled(with_production_fee(published_sources()))
