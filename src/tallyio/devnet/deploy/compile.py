"""Everything that a world needs before it can be deployed: packages fetched, sources compiled, each once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tallyio.devnet.deploy import balancer_v3
from tallyio.devnet.deploy.aave import aave_contracts
from tallyio.devnet.deploy.exchanges import multicall3, pancake_router
from tallyio.devnet.deploy.pancake import pancake_contracts
from tallyio.devnet.deploy.standins import FAMILIES, standins
from tallyio.devnet.deploy.tokens import feed_proxy, own_contracts
from tallyio.devnet.deploy.wrapped import wrapped_contracts
from tallyio.devnet.packages import fetch, needed

Say = Callable[[str], None]

AAVE_PACKAGES = ("aave", "aave-utils", "openzeppelin", "openzeppelin-upgradeable", "solc-0.8.27")
"""What Aave's compilation needs: it waits for these alone."""

_OTHERS: tuple[tuple[str, Callable[[], object]], ...] = (
    *((f"Balancer v3: {name}", partial(balancer_v3.balancer_v3_contract, name)) for name in balancer_v3.CONTRACTS),
    ("PancakeSwap v2", pancake_contracts),
    ("PancakeSwap's router", pancake_router),
    ("the tokens and feeds", own_contracts),
    ("Chainlink's proxy", feed_proxy),
    ("Multicall3", multicall3),
    ("wrappers", wrapped_contracts),
    *((f"stand-ins: {family}", partial(standins, family)) for family in FAMILIES),
)


def compile_all(say: Say = lambda line: None) -> None:
    """Fetch and compile what is not kept yet, on two cores; ``say`` is told what happens, a line at a time.

    Raises ``OutOfReachError`` where a package cannot be fetched, ``OperatorError`` where it is not the locked one.
    """
    others = [alias for alias in needed() if alias not in AAVE_PACKAGES]

    def lending() -> None:
        fetch(AAVE_PACKAGES, say)
        _compile("Aave v3", aave_contracts, say)

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(lending)]
        pool.submit(fetch, others, say).result()
        jobs += [pool.submit(_compile, label, job, say) for label, job in _OTHERS]
        for job in jobs:
            job.result()


def _compile(label: str, job: Callable[[], object], say: Say) -> None:
    started = time.monotonic()
    say(f"compiling {label}")
    job()
    say(f"{label} compiled in {time.monotonic() - started:.1f} s")
