"""Uniswap v2 and its forks: what the logs of factories and pairs mean."""

from tallyio.core.chain import Log
from tallyio.core.deltas import PoolDiscovered, V2Synced
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, Pool
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.words import address_word, topic, unsigned, words

PAIR_CREATED = "0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9"
"""``PairCreated(address indexed token0, address indexed token1, address pair, uint256)``"""
SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
"""``Sync(uint112 reserve0, uint112 reserve1)``"""
SWAP = "0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"
"""``Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out,
address indexed to)``"""


def decode(log: Log) -> V2Synced | None:
    """A pair's new reserves; ``None`` for other events. Raises ``ChainDataError`` for a Sync of another shape."""
    if not log.topics or log.topics[0] != SYNC:
        return None
    reserve0, reserve1 = words(log, 1, 2)
    return V2Synced(log.address, unsigned(reserve0, 112), unsigned(reserve1, 112))


def discover(log: Log, deployment: Deployment) -> PoolDiscovered | None:
    """The pair that the fork's factory announces; ``None`` for other events of it."""
    if not log.topics or log.topics[0] != PAIR_CREATED:
        return None
    pair, _ = words(log, 3, 2)
    token0, token1 = topic(log, 1), topic(log, 2)
    if token0 >= token1:
        raise ChainDataError(f"the factory {log.address} announced a pair whose tokens are not sorted")
    return PoolDiscovered(
        Pool(
            address=address_word(pair),
            family=V2,
            protocol=deployment.protocol,
            token0=address_word(token0),
            token1=address_word(token1),
            fee_pips=deployment.fee_pips,
        )
    )
