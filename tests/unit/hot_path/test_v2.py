import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT112_MAX
from tallyio.hot_path.amm import v2


def test_the_trade_of_the_uniswap_documentation() -> None:
    assert v2.amount_out(10**18, 1000 * 10**18, 2000 * 10**18, 3000) == 1992013962079806432


def test_swaps_of_mainnet_pay_what_the_formula_says(shared_file: Callable[[str], Path]) -> None:
    vectors = json.loads(gzip.decompress(shared_file("mainnet-blocks/swap_vectors.json.gz").read_bytes()))["v2"]
    checked = 0
    for swap in vectors:
        ins = int(swap["amount0In"]), int(swap["amount1In"])
        if swap.get("vs_997_formula") != "exact" or all(ins):
            continue
        reserves = int(swap["reserve0_before"]), int(swap["reserve1_before"])
        sold = 0 if ins[0] else 1
        out = int(swap["amount1Out" if sold == 0 else "amount0Out"])
        assert v2.amount_out(ins[sold], reserves[sold], reserves[1 - sold], 3000) == out
        assert v2.least_input(out, reserves[sold], reserves[1 - sold], 3000) <= ins[sold]
        checked += 1
    assert checked >= 50


def test_pancakeswap_quotes_equal_the_routers(shared_file: Callable[[str], Path]) -> None:
    pool = json.loads(
        shared_file("degenbot-parity/chain_data/8453/pancakeswap_v2_weth_usdbc_block_46875151.json").read_text()
    )
    folder = "degenbot-parity/golden/tests/pancakeswap/test_pancakeswap_v2_onchain_parity/"
    golden = json.loads(shared_file(folder + "test_pancakeswap_v2_router_get_amounts_out.json").read_text())
    reserves = {"WETH": pool["reserves_token0"], "USDbC": pool["reserves_token1"]}
    checked = 0
    for key, answer in golden["entries"].items():
        _, function, direction, amount = key.split("|")
        if function != "getAmountsOut" or "value" not in answer:
            continue
        sold, bought = direction.split("->")
        try:
            out = v2.amount_out(int(amount), reserves[sold], reserves[bought], 2500)
        except ChainDataError:
            out = 0
        assert out == answer["value"], key
        checked += 1
    assert checked >= 10


@pytest.mark.parametrize(
    ("amount", "reserve_in", "reserve_out", "why"),
    [
        (0, 10, 10, "above zero"),
        (-5, 10, 10, "above zero"),
        (1, 0, 10, "no liquidity"),
        (1, 10, 0, "no liquidity"),
        (1, UINT112_MAX, 10, "uint112"),
        (1, 10**9, 10**3, "too small"),
    ],
)
def test_inputs_that_the_pair_refuses(amount: int, reserve_in: int, reserve_out: int, why: str) -> None:
    with pytest.raises(ChainDataError, match=why):
        v2.amount_out(amount, reserve_in, reserve_out, 3000)


def test_outputs_that_the_pair_refuses() -> None:
    with pytest.raises(ChainDataError, match="exceeds"):
        v2.amount_in(10**18, 10**18, 10**18, 3000)
    with pytest.raises(ChainDataError, match="uint112"):
        v2.amount_in(10**18 - 1, UINT112_MAX // 2, 10**18, 3000)


def test_the_last_unit_below_the_limit_is_taken() -> None:
    assert v2.amount_out(1, UINT112_MAX - 1, UINT112_MAX, 0) == 1
