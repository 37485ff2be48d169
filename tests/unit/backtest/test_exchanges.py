"""The exchanges that come with TallyIO: their facts give the addresses of pools that everybody knows."""

from pathlib import Path

import pytest

from tallyio.backtest.exchanges import exchanges_of, read_exchanges
from tallyio.core.errors import ConfigError, OperatorError
from tallyio.core.units import Address

USDC, WETH = (
    Address("0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"),
    Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"),
)
CRO = Address("0xa0b73e1ff0b80914ab6fe0444e65848c4c34450b")
SHIB = Address("0x95ad61b0a150d79219dcf64e1e6cc01f0b64c4ce")
WBNB, BUSD = (
    Address("0xbb4cdb9cbd36b01bd1cbaebf2de08d9173bc095c"),
    Address("0xe9e7cea3dedca5984780bafc599bd69add087d56"),
)
PAIRS = (
    (1, "uniswap_v2", USDC, WETH, "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc"),
    (1, "sushiswap_v2", USDC, WETH, "0x397ff1542f962076d0bfe58ea045ffa2d347aca0"),
    (1, "defiswap", CRO, WETH, "0x9ef7e917fb41cc02f78a5c99b42f497ed8979350"),
    (1, "shibaswap", SHIB, WETH, "0xcf6daab95c476106eca715d48de4b13287ffdeaa"),
    (56, "pancakeswap_v2", WBNB, BUSD, "0x58f876857a02d6762e0101bb5c46a8c1ed44dc16"),
)
POOLS = (
    (1, "uniswap_v3", USDC, WETH, 500, "0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640"),
    (1, "pancakeswap_v3", USDC, WETH, 500, "0x1ac1a8feaaea1900c4166deeed0c11cc10669d36"),
)


@pytest.mark.parametrize(("chain", "name", "token0", "token1", "at"), PAIRS)
def test_pairs_lie_where_the_facts_say(chain: int, name: str, token0: Address, token1: Address, at: str) -> None:
    [found] = [each for each in exchanges_of(chain).factories if each.deployment.protocol == name]
    assert found.pair(token0, token1) == at


@pytest.mark.parametrize(("chain", "name", "token0", "token1", "fee", "at"), POOLS)
def test_pools_lie_where_the_facts_say(
    chain: int, name: str, token0: Address, token1: Address, fee: int, at: str
) -> None:
    [found] = [each for each in exchanges_of(chain).factories if each.deployment.protocol == name]
    assert found.pool(token0, token1, fee) == at


@pytest.mark.parametrize("chain", [1, 10, 56, 137, 8453, 42161, 43114])
def test_every_file_is_whole(chain: int) -> None:
    found = exchanges_of(chain)
    assert found.chain_id == chain
    assert len({each.deployment.factory for each in found.factories}) == len(found.factories)
    assert found.registry().deployments


def test_a_chain_that_is_not_there_is_named() -> None:
    with pytest.raises(OperatorError, match="no exchanges of chain 31337 are known"):
        exchanges_of(31337)


def test_a_mistake_in_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        f'chain_id = 1\nweth = "{WETH}"\n[[exchanges]]\nname = "a"\nfamily = "uniswap_v2"\nfactory = "0x1"\n'
    )
    with pytest.raises(ConfigError, match="factory"):
        read_exchanges(path)


def test_without_the_hash_of_the_code_no_address_follows(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    head = f'chain_id = 1\nweth = "{WETH}"\n[[exchanges]]\nname = "a"\nfamily = "uniswap_v2"\n'
    path.write_text(f'{head}factory = "{USDC}"\n')
    [found] = read_exchanges(path).factories
    assert found.pair(USDC, WETH) is None
