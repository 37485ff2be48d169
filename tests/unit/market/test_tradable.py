from typing import Any

import pytest

from tallyio.core.pools import Pool
from tallyio.market.market import Market
from tallyio.market.tradable import short_changing
from tallyio.protocols.dex import pancakeswap_v3, uniswap_v3

TRADER = "0x" + "99" * 20
ZERO = "0x" + "00" * 20


@pytest.fixture
def traded(market: Market, chain: Any, logs: Any) -> Market:
    """A pair USDC/WETH and a v3 pool of the same tokens."""
    market.apply(
        chain.block(
            logs.pair_created(),
            logs.sync(10**9, 10**18),
            logs.pool_created(),
            logs.initialize(),
            logs.mint(-60, 60, 10**15),
        )
    )
    return market


def test_an_honest_swap_condemns_nothing(traded: Market, logs: Any) -> None:
    entries = [
        logs.transfer(logs.usdc, TRADER, logs.pair, 1000),
        logs.transfer(logs.weth, logs.pair, TRADER, 500),
        logs.sync(10**9 + 1000, 10**18 - 500),
        logs.swapped2(1000, 0, 0, 500),
    ]
    assert short_changing(entries, traded.pools) == {}


def test_a_token_that_burns_a_share_is_condemned_by_what_the_pair_paid(traded: Market, chain: Any, logs: Any) -> None:
    market = traded
    market.apply(
        chain.block(
            logs.transfer(logs.weth, TRADER, logs.pair, 500),
            logs.transfer(logs.usdc, logs.pair, TRADER, 990),
            logs.transfer(logs.usdc, logs.pair, ZERO, 10),
            logs.sync(10**9 - 1000, 10**18 + 500),
            logs.swapped2(0, 500, 1000, 0),
        )
    )
    assert "990 of 1000" in market.untradable[logs.pair]
    assert market.untradable.keys() == {logs.pair, logs.pool}


def test_a_token_that_credits_less_than_it_announces_is_condemned(traded: Market, logs: Any) -> None:
    entries = [
        logs.transfer(logs.usdc, TRADER, logs.pair, 1000),
        logs.transfer(logs.weth, logs.pair, TRADER, 500),
        logs.swapped2(990, 0, 0, 500),
    ]
    assert list(short_changing(entries, traded.pools)) == [logs.usdc]


def test_a_gift_before_the_swap_is_no_proof(traded: Market, logs: Any) -> None:
    entries = [
        logs.transfer(logs.usdc, TRADER, logs.pair, 1000),
        logs.transfer(logs.weth, logs.pair, TRADER, 500),
        logs.swapped2(1200, 0, 0, 500),
    ]
    assert short_changing(entries, traded.pools) == {}


def test_two_swaps_of_one_transaction_are_told_apart(traded: Market, logs: Any) -> None:
    entries = [
        logs.transfer(logs.usdc, TRADER, logs.pair, 1000), logs.transfer(logs.weth, logs.pair, TRADER, 500),
        logs.swapped2(1000, 0, 0, 500),
        logs.transfer(logs.usdc, TRADER, logs.pair, 400), logs.transfer(logs.weth, logs.pair, TRADER, 200),
        logs.swapped2(400, 0, 0, 200),
    ]  # fmt: skip
    assert short_changing(entries, traded.pools) == {}


def test_a_token_without_transfer_events_proves_nothing(traded: Market, logs: Any) -> None:
    assert short_changing([logs.swapped2(1000, 0, 0, 500)], traded.pools) == {}


def test_the_output_of_a_v3_pool_is_evidence_too(traded: Market, logs: Any) -> None:
    swap = logs.swapped3(2**96, 0, 10**15, (-1000, 990))
    honest = [logs.transfer(logs.usdc, logs.pool, TRADER, 1000), logs.transfer(logs.weth, TRADER, logs.pool, 990), swap]
    assert swap.topics[0] == uniswap_v3.SWAP
    assert short_changing(honest, traded.pools) == {}
    short = [logs.transfer(logs.usdc, logs.pool, TRADER, 995), logs.transfer(logs.usdc, logs.pool, ZERO, 5), swap]
    assert list(short_changing(short, traded.pools)) == [logs.usdc]


def test_another_transactions_transfers_prove_nothing(traded: Market, logs: Any) -> None:
    entries = [logs.transfer(logs.weth, logs.pair, TRADER, 499, tx="0x2"), logs.swapped2(1000, 0, 0, 500)]
    assert short_changing(entries, traded.pools) == {}


NG_EXCHANGED = "0x8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140"
CRYPTO_EXCHANGED = "0x143f1f8e861fbdeddd5b46e844b7d3ac7b86a122f36e8c463859ee6811b1f29c"
SOLIDLY_SWAPPED = "0xb3e2773606abfd36b5bd91394b3a54d1398336c65005baf7bf7a05efeffaf75b"
FAMILIES_SWAPS = [
    ("curve_stableswap_ng", NG_EXCHANGED, 1, (1, 500, 0, 1000)),
    ("curve_stableswap_legacy", NG_EXCHANGED, 1, (1, 500, 0, 1000)),
    ("curve_stableswap_ng_meta", NG_EXCHANGED, 1, (1, 500, 0, 1000)),
    ("curve_twocrypto_ng", CRYPTO_EXCHANGED, 1, (1, 500, 0, 1000, 1, 1)),
    ("aerodrome", SOLIDLY_SWAPPED, 2, (0, 500, 1000, 0)),
    ("algebra", uniswap_v3.SWAP, 2, (-1000, 500, 2**96, 1, 0)),
    ("slipstream", uniswap_v3.SWAP, 2, (-1000, 500, 2**96, 1, 0)),
    ("pancakeswap_v3", pancakeswap_v3.SWAP, 2, (-1000, 500, 2**96, 1, 0, 0, 0)),
]


@pytest.mark.parametrize(("family", "topic", "indexed", "data"), FAMILIES_SWAPS)
def test_what_pools_of_other_families_pay_is_evidence(
    logs: Any, family: str, topic: str, indexed: int, data: tuple[int, ...]
) -> None:
    """1000 of the first token for 500 of the second."""
    pools = {logs.pair: Pool(logs.pair, family, "any", (logs.usdc, logs.weth), 0)}
    swap = logs.log(logs.pair, topic, *[logs.dai] * indexed, data=data)
    paid = logs.transfer(logs.weth, TRADER, logs.pair, 500)
    assert short_changing([paid, logs.transfer(logs.usdc, logs.pair, TRADER, 1000), swap], pools) == {}
    assert list(short_changing([paid, logs.transfer(logs.usdc, logs.pair, TRADER, 990), swap], pools)) == [logs.usdc]
    assert short_changing([paid, swap], pools) == {}
    assert short_changing([logs.log(logs.pair, topic, logs.dai, data=(1,))], pools) == {}


def test_what_a_vault_pays_for_several_swaps_at_once_is_no_evidence(logs: Any) -> None:
    pools = {logs.pair: Pool(logs.pair, "balancer_v2", "any", (logs.usdc, logs.weth), 0)}
    swap = logs.log(logs.pair, uniswap_v3.SWAP, logs.dai, logs.dai, data=(-1000, 500, 2**96, 1, 0))
    assert short_changing([logs.transfer(logs.usdc, logs.pair, TRADER, 990), swap], pools) == {}
