"""The compiled quotes of the exchange families against their exact models."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tallyio.app.verify import crypto, liquidity_book, solidly, stable_legacy, stable_ng
from tallyio.app.verify.recorded import read
from tallyio.core.errors import ChainDataError
from tallyio.hot_path.kernels.rows import Row, best_input, pair_row, quote, stable_row
from tallyio.protocols.dex.compiled import rows, samples, states
from tallyio.protocols.dex.compiled.check import judge


@pytest.mark.parametrize("name", samples.FAMILIES)
def test_random_swaps_are_answered_as_the_model_answers(name: str) -> None:
    result = judge(name, 400, 7)
    assert result.first == ""
    assert result.paid > 250
    assert result.beyond < 20


@pytest.mark.nightly
@pytest.mark.parametrize("name", samples.FAMILIES)
def test_many_random_swaps_are_answered_as_the_model_answers(name: str) -> None:
    result = judge(name, 20_000, 8)
    assert result.first == ""
    assert result.beyond < 200


def recorded(family: str) -> list[dict[str, Any]]:
    root = Path(__file__).parents[3]
    for shared in (root.parent / "shared", root.parent.parent / "shared"):
        path = shared / "golden" / f"{family}.json.gz"
        if path.exists():
            return read(path).records
    pytest.skip(f"no file shared/golden/{family}.json.gz beside the repository")


def row_of(family: str, record: dict[str, Any]) -> Row:
    state = record["state"]
    now = state["timestamp"]
    if family == "curve_stableswap_ng":
        return rows.stable_ng_row(stable_ng.pool_of(state, record["asset_types"]), now, view=True)
    if family == "curve_stableswap_legacy":
        unit = 1 if record["kind"] == "3pool" else 100
        return rows.stable_row(stable_legacy.pool_of(state, record["decimals"], unit), now, view=True)
    if family == "solidly_v2":
        return rows.solidly_row(solidly.pool_of(record))
    return rows.crypto_row(crypto.pool_of(state, record["decimals"]), now)


QUOTED = ["curve_stableswap_ng", "curve_stableswap_legacy", "curve_twocrypto_ng", "curve_tricrypto_ng", "solidly_v2"]


@pytest.mark.parametrize("family", QUOTED)
def test_recorded_quotes_of_contracts_are_reproduced(family: str) -> None:
    paid = 0
    for record in recorded(family):
        view = record["views"].get("getAmountOut") or record["views"].get("get_dy")
        if view is None or record.get("kind") == "meta":
            continue
        i, j, dx = (view.get(name) for name in ("i", "j", "dx"))
        if family == "solidly_v2":
            i, j, dx = view["token_in"], 1 - view["token_in"], view["amount_in"]
        try:
            got = quote(row_of(family, record), i, j, dx)
        except ChainDataError:  # beyond the kernel's words: left to the model
            continue
        if dx and i != j:
            assert got == (view["value"] if view["ok"] else None), record["id"]
            paid += view["ok"]
    assert paid > 100


def test_recorded_swaps_through_bins_are_reproduced() -> None:
    paid = 0
    for record in recorded("liquidity_book"):
        call, result = record["call"], record["result"]
        row = rows.liquidity_book_row(liquidity_book.book_of(record), record["state"]["timestamp"])
        side = 0 if call["swap_for_y"] else 1
        if call["amount_in"]:
            got = quote(row, side, 1 - side, call["amount_in"])
            assert got == (result["value"] if result["ok"] else None), record["id"]
            paid += result["ok"]
    assert paid > 100


def test_a_pool_that_does_not_fit_a_row_is_left_to_the_model() -> None:
    with pytest.raises(ChainDataError, match="128 bits"):
        stable_row((2**128, 1), (10**18, 10**18), 20_000, 100, 0)
    with pytest.raises(ChainDataError, match="2 to 5 coins"):
        stable_row((1,) * 6, (10**18,) * 6, 20_000, 100, 0)


def test_nothing_and_the_same_coin_are_refused() -> None:
    row = states.stable_ng_asked(Random(0)).row
    assert quote(row, 0, 1, 0) is None
    assert quote(row, 1, 1, 10**18) is None


def test_an_amount_beyond_half_a_word_is_left_to_the_model() -> None:
    row = states.stable_ng_asked(Random(0)).row
    with pytest.raises(ChainDataError, match="beyond"):
        quote(row, 0, 1, 2**128)


def profit(cycle: list[tuple[Row, int, int]], amount: int) -> int:
    out: int | None = amount
    for row, i, j in cycle:
        out = quote(row, i, j, out) if out else None
    return (out or 0) - amount


@pytest.mark.parametrize("name", [name for name in samples.FAMILIES if name != "liquidity_book"])
def test_the_best_input_is_exact_and_no_neighbour_pays_more(name: str) -> None:
    random = Random(11)
    for _ in range(6):
        cycle = samples.gap(random, name)
        amount, found = best_input(cycle)
        others = [profit(cycle, int(amount * (1 + apart))) for apart in (-0.5, -0.01, -1e-4, 1e-4, 0.01, 1)]
        assert found == (profit(cycle, amount) if amount else 0)
        assert max(others) <= found * (1 + 1e-7) + 1


def test_a_cycle_that_does_not_pay_has_no_input() -> None:
    near, far = pair_row((10**24, 10**24), 3000), pair_row((10**24, 1001 * 10**21), 3000)
    assert best_input([(near, 0, 1), (far, 0, 1)]) == (0, 0)
