"""Every family of exchanges that the project knows, by name."""

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import AERODROME, CAMELOT, TRICRYPTO, TWOCRYPTO, VELODROME, Pool
from tallyio.protocols.dex.algebra import Algebra
from tallyio.protocols.dex.balancer_buffers import BalancerBuffers
from tallyio.protocols.dex.balancer_v2 import BalancerV2
from tallyio.protocols.dex.balancer_v3 import BalancerV3
from tallyio.protocols.dex.crypto import CryptoSwap
from tallyio.protocols.dex.family import Family
from tallyio.protocols.dex.liquidity_book import LiquidityBookPairs
from tallyio.protocols.dex.pancakeswap_v3 import PancakeSwapV3
from tallyio.protocols.dex.slipstream import Slipstream
from tallyio.protocols.dex.solidly import Solidly
from tallyio.protocols.dex.stableswap import StableSwap
from tallyio.protocols.dex.stableswap_legacy import NamedStableSwap, StableSwapLegacy
from tallyio.protocols.dex.stableswap_legacy_meta import StableSwapLegacyMeta
from tallyio.protocols.dex.stableswap_ng_meta import StableSwapMeta
from tallyio.protocols.dex.uniswap_v2 import UniswapV2
from tallyio.protocols.dex.uniswap_v3 import UniswapV3
from tallyio.protocols.dex.uniswap_v4 import UniswapV4
from tallyio.protocols.dex.wrapped import SavingsVaults, WrappedNative, WrappedStaked

_ALL: tuple[Family, ...] = (
    UniswapV2(),
    UniswapV3(),
    PancakeSwapV3(),
    UniswapV4(),
    Slipstream(),
    Algebra(),
    BalancerV2(),
    BalancerV3(),
    BalancerBuffers(),
    WrappedNative(),
    SavingsVaults(),
    WrappedStaked(),
    Solidly(AERODROME),
    Solidly(VELODROME),
    Solidly(CAMELOT),
    StableSwap(),
    StableSwapMeta(),
    StableSwapLegacy(),
    StableSwapLegacyMeta(),
    NamedStableSwap(),
    CryptoSwap(TWOCRYPTO),
    CryptoSwap(TRICRYPTO),
    LiquidityBookPairs(),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}


def family_of(pool: Pool) -> Family:
    """Raises ``ChainDataError`` for a pool of a family not known here."""
    family = FAMILIES.get(pool.family)
    if family is None:
        raise ChainDataError(f"pool {pool.address} is of family {pool.family}, expected one of {', '.join(FAMILIES)}")
    return family
