"""Whether the node is one of the configured chain."""

from tallyio.chains import reads
from tallyio.chains.rpc import Rpc
from tallyio.config.settings import ChainSettings
from tallyio.core.errors import ConfigError


async def check_chain(rpc: Rpc, chain: ChainSettings) -> None:
    """Raises ``ConfigError`` when the node answers for another chain id."""
    found = await reads.chain_id(rpc)
    if found != chain.chain_id:
        raise ConfigError(
            f"{rpc.where} answers for chain id {found}, the chain's TOML expects chain_id {chain.chain_id}",
            todo="Point http_url at a node of the configured chain, or correct chain_id",
        )
