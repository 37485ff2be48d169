"""Whether the node is one of the configured chain."""

import asyncio

from tallyio.chains import reads
from tallyio.chains.rpc import Rpc
from tallyio.config.settings import ChainSettings
from tallyio.core.errors import ConfigError, OutOfReachError

TIMEOUT_S = 5.0


async def check_chain(rpc: Rpc, chain: ChainSettings) -> None:
    """Raises ``ConfigError`` when the node answers for another chain id, ``OutOfReachError`` when it does not."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            found = await reads.chain_id(rpc)
    except TimeoutError:
        raise OutOfReachError(
            f"{rpc.where} did not answer eth_chainId within {TIMEOUT_S:g} s",
            todo="Check the node's load and that the URL is right",
        ) from None
    if found != chain.chain_id:
        raise ConfigError(
            f"{rpc.where} answers for chain id {found}, the chain's TOML expects chain_id {chain.chain_id}",
            todo="Point http_url at a node of the configured chain, or correct chain_id",
        )
