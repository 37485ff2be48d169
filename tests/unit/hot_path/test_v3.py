import gzip
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3State
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.tick_math import MIN_SQRT_RATIO, sqrt_ratio_at_tick, tick_at_sqrt_ratio
from tallyio.protocols.dex.positions import with_position

WIDE = V3State(2**96, 0, 10**21, (-887220, 887220), (10**21, -(10**21)), (10**21, 10**21))


def test_the_whole_life_of_a_real_pool(shared_file: Callable[[str], Path]) -> None:
    path = shared_file("v3-pool-events/ENS_WETH_3000_events_13578816_13579000.sqlite")
    base = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    base.row_factory = sqlite3.Row
    config = base.execute("select * from pool_config").fetchone()
    price = int(config["initial_sqrt_price_X96"])
    state = V3State(price, tick_at_sqrt_ratio(price), 0)
    liquidity = base.execute("select * from liquidity_events").fetchall()
    swapped = base.execute("select * from swap_events").fetchall()
    events = [dict(row) for row in (*liquidity, *swapped)]
    events.sort(key=lambda e: (e["block_number"], e["transaction_index"], e["log_index"]))
    swaps = 0
    for event in events:
        if "liquidity" in event and "type" in event:
            sign = 1 if event["type"] == 1 else -1
            state = with_position(state, event["tick_lower"], event["tick_upper"], sign * int(event["liquidity"]))
            continue
        specified, amount0, amount1 = (int(event[name]) for name in ("amount_specified", "amount0", "amount1"))
        zero_for_one = amount0 > 0
        done = v3.swap(
            state, config["tick_spacing"], config["fee"], zero_for_one, abs(specified), exact_in=specified > 0
        )
        expected = (amount0, -amount1) if zero_for_one else (amount1, -amount0)
        assert (done.amount_in, done.amount_out) == expected
        state = v3.after(state, done)
        assert (state.sqrt_price_x96, state.tick, state.liquidity) == (
            int(event["sqrt_price_x96"]), event["tick"], int(event["liquidity"])
        )  # fmt: skip
        swaps += 1
    assert swaps == 63


def test_swaps_of_mainnet(shared_file: Callable[[str], Path]) -> None:
    vectors = json.loads(gzip.decompress(shared_file("mainnet-blocks/swap_vectors.json.gz").read_bytes()))["v3"]
    for event in vectors:
        state = _from_touched(event)
        amounts = int(event["amount0"]), int(event["amount1"])
        zero_for_one = amounts[0] > 0
        paid, got = (amounts[0], -amounts[1]) if zero_for_one else (amounts[1], -amounts[0])
        exact_in = event["reproduced_by"] == "exactIn"
        done = v3.swap(
            state, event["tickSpacing"], event["fee"], zero_for_one, paid if exact_in else got, exact_in=exact_in
        )
        assert (done.amount_in, done.amount_out) == (paid, got)
        end = v3.after(state, done)
        assert (end.sqrt_price_x96, end.tick, end.liquidity) == (
            int(event["sqrtPriceX96_after"]), event["tick_after"], int(event["liquidity_after"])
        )  # fmt: skip
    assert len(vectors) >= 14


def _from_touched(event: dict[str, Any]) -> V3State:
    """The ticks of the words that the swap read; the others do not matter to it."""
    nets: dict[int, int] = defaultdict(int, {int(t): int(n) for t, n in event["ticks_liquidityNet"].items()})
    ticks = sorted(
        ((int(word) << 8) + bit) * event["tickSpacing"]
        for word, bits in event["bitmap"].items()
        for bit in range(256)
        if int(bits) >> bit & 1
    )
    return V3State(
        int(event["sqrtPriceX96_before"]),
        event["tick_before"],
        int(event["liquidity_before"]),
        tuple(ticks),
        tuple(nets[t] for t in ticks),
        tuple(abs(nets[t]) for t in ticks),
    )


def test_ticks_that_are_crossed_change_the_liquidity() -> None:
    inner = V3State(2**96, 0, 3 * 10**21, (-600, -60, 60, 600), (10**21, 2 * 10**21, -2 * 10**21, -(10**21)), ())
    down = v3.after(inner, v3.swap(inner, 60, 3000, True, 2 * 10**19))
    up = v3.after(inner, v3.swap(inner, 60, 3000, False, 2 * 10**19))
    assert -600 <= down.tick < -60
    assert 60 <= up.tick < 600
    assert down.liquidity == up.liquidity == 10**21


def test_a_swap_that_ends_on_a_tick_is_left_on_its_lower_side_going_down() -> None:
    state = V3State(2**96, 0, 10**18, (-60, 60), (10**18, -(10**18)), ())
    done = v3.swap(state, 60, 3000, True, 10**30, sqrt_limit_x96=sqrt_ratio_at_tick(-60))
    assert done.unfilled > 0
    end = v3.after(state, done)
    assert (end.tick, end.liquidity) == (-61, 0)


def test_what_liquidity_cannot_fill_is_reported_as_unfilled() -> None:
    state = V3State(2**96, 0, 10**18, (-60, 60), (10**18, -(10**18)), ())
    done = v3.swap(state, 60, 3000, True, 10**18)
    assert done.unfilled == 10**18 - done.amount_in
    assert done.sqrt_price_x96 == MIN_SQRT_RATIO + 1


def test_gaps_without_liquidity_are_passed() -> None:
    state = V3State(2**96, 0, 0, (6000, 12000), (10**18, -(10**18)), ())
    done = v3.swap(state, 60, 3000, False, 10**15)
    assert done.amount_out > 0
    assert 6000 <= v3.after(state, done).tick < 12000


@pytest.mark.parametrize("amount", [0, -1, 2**255])
def test_amounts_that_the_pool_refuses(amount: int) -> None:
    with pytest.raises(ChainDataError):
        v3.swap(WIDE, 60, 3000, True, amount)


def test_a_limit_on_the_wrong_side_is_refused() -> None:
    with pytest.raises(ChainDataError, match="limit"):
        v3.swap(WIDE, 60, 3000, True, 1, sqrt_limit_x96=2**96 + 1)


def test_a_pool_that_is_not_initialised_is_refused() -> None:
    with pytest.raises(ChainDataError, match="initialised"):
        v3.swap(V3State(0, 0, 0), 60, 3000, True, 1)
