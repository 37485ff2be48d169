"""Logs of a small chain: a v2 and a v3 factory, their pools, and blocks in a row."""

from collections.abc import Callable

import pytest

from tallyio.core.chain import BlockRef, Log, NewBlock
from tallyio.core.pools import V2, V3
from tallyio.core.units import Address, Hash32
from tallyio.market.market import Market
from tallyio.market.tradable import TRANSFER
from tallyio.protocols.dex import uniswap_v2, uniswap_v3
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.registry import DexRegistry

FACTORY2, FACTORY3 = Address("0x" + "f2" * 20), Address("0x" + "f3" * 20)
WETH, USDC, DAI = (Address("0x" + f"{i:02x}" * 20) for i in (3, 1, 2))
PAIR, OTHER, POOL = (Address("0x" + f"a{i}" * 20) for i in (1, 2, 3))


def word(value: int | str) -> bytes:
    number = int(value, 16) if isinstance(value, str) else value
    return number.to_bytes(32, signed=number < 0)


class Logs:
    """Makes logs; a chain numbers them when it takes them into a block."""

    factory2, factory3, weth, usdc, dai, pair, other, pool = FACTORY2, FACTORY3, WETH, USDC, DAI, PAIR, OTHER, POOL

    def log(
        self, address: Address, topic: str, *topics: int | str, data: tuple[int | str, ...] = (), tx: str = "0x1"
    ) -> Log:
        named = (topic, *("0x" + word(t).hex() for t in topics))
        return Log(address, named, b"".join(map(word, data)), 0, Hash32("0x"), Hash32(tx), 0, 0)

    def pair_created(self, pair: Address = PAIR, a: Address = USDC, b: Address = WETH) -> Log:
        return self.log(FACTORY2, uniswap_v2.PAIR_CREATED, a, b, data=(pair, 1))

    def pool_created(self, pool: Address = POOL, a: Address = USDC, b: Address = WETH, fee: int = 3000) -> Log:
        return self.log(FACTORY3, uniswap_v3.POOL_CREATED, a, b, fee, data=(60, pool))

    def sync(self, reserve0: int, reserve1: int, pair: Address = PAIR, tx: str = "0x1") -> Log:
        return self.log(pair, uniswap_v2.SYNC, data=(reserve0, reserve1), tx=tx)

    def swapped2(self, *amounts: int, pair: Address = PAIR, tx: str = "0x1") -> Log:
        return self.log(pair, uniswap_v2.SWAP, DAI, DAI, data=amounts, tx=tx)

    def initialize(self, price: int = 2**96, tick: int = 0) -> Log:
        return self.log(POOL, uniswap_v3.INITIALIZE, data=(price, tick))

    def mint(self, low: int, high: int, amount: int) -> Log:
        return self.log(POOL, uniswap_v3.MINT, DAI, low, high, data=(DAI, amount, 1, 1))

    def burn(self, low: int, high: int, amount: int) -> Log:
        return self.log(POOL, uniswap_v3.BURN, DAI, low, high, data=(amount, 1, 1))

    def swapped3(self, price: int, tick: int, liquidity: int, amounts: tuple[int, int] = (1, -1)) -> Log:
        return self.log(POOL, uniswap_v3.SWAP, DAI, DAI, data=(*amounts, price, liquidity, tick))

    def transfer(self, token: Address, sender: Address, to: Address, value: int, tx: str = "0x1") -> Log:
        return self.log(token, TRANSFER, sender, to, data=(value,), tx=tx)


class Chain:
    """Blocks that follow each other; ``branch`` makes another block of the same number."""

    def __init__(self) -> None:
        self.head = BlockRef(0, Hash32("0xgenesis"), Hash32("0x"), 1000)

    def block(self, *logs: Log, branch: str = "") -> NewBlock:
        number = self.head.number + 1
        self.head = BlockRef(number, Hash32(f"0x{number}{branch}"), self.head.hash, self.head.timestamp + 12)
        return NewBlock(self.head, 10**9, 0, 30_000_000, Address("0x" + "00" * 20), logs)


@pytest.fixture
def logs() -> Logs:
    return Logs()


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def market(chain: Chain) -> Market:
    return new_market(chain)


def new_market(chain: Chain, **options: object) -> Market:
    registry = DexRegistry([Deployment("uni2", V2, FACTORY2, 3000), Deployment("uni3", V3, FACTORY3)])
    market = Market(registry, WETH, **options)  # type: ignore[arg-type]
    market.start(chain.head)
    return market


@pytest.fixture
def make_market(chain: Chain) -> Callable[..., Market]:
    return lambda **options: new_market(chain, **options)
