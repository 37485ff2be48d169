"""One look at a devnet that traders have pulled apart: what it tells is exact, and nothing of worth is missing."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallyio.app.exposure import exposure
from tallyio.app.follow import mirror_at_head
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import OperatorError
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.accounts import sign
from tallyio.devnet.traffic.orders import Order, quote_call, quoted, swap
from tallyio.execution.steps import nothing, pack_swap
from tallyio.hot_path.sizing import run
from tallyio.market.view import MarketView
from tallyio.protocols.dex.model import PoolExchange
from tallyio.reports.sandwich_bench import model_creation
from tallyio.strategies.arbitrage import ArbitrageSettings
from tallyio.strategies.base import GasModel, swap_step
from tallyio.strategies.search import CycleSearch


@pytest.fixture(scope="module")
def devnet(start_devnet: Callable[..., Any]) -> Any:
    return start_devnet(seed=23, interval_ms=400)


@pytest.fixture(scope="module")
def config(devnet: Any) -> Path:
    found: Path = devnet.directory(executor=False)
    while devnet.head < devnet.world.end_block + 12:
        time.sleep(0.2)
    devnet.freeze()
    return found


@pytest.fixture
async def view(config: Path) -> MarketView:
    directory = ConfigDirectory.open(config)
    async with Rpc(directory.chain.http_url) as rpc:
        return (await mirror_at_head(directory, rpc)).view()


def legs(view: MarketView, pools: list[Address], tokens: list[Address]) -> list[PoolExchange]:
    ways = zip(pools, tokens, [*tokens[1:], tokens[0]], strict=True)
    return [PoolExchange(view.pools[p], view.states[p], a, b, view.next_timestamp) for p, a, b in ways]


async def test_what_it_tells_is_exact_and_complete(config: Path, view: MarketView, commands: Any) -> None:
    told = commands.run("scan", "--config", config, "--json").json()
    least = ConfigDirectory.open(config).strategy("arbitrage", ArbitrageSettings).min_profit_wei
    assert told["block"] == view.block.number
    assert told["pools"] == len(view.pools)
    found = {}
    for each in told["opportunities"]:
        found[frozenset(zip(each["pools"], each["tokens"], strict=True)), each["tokens"][0]] = each
        assert run(legs(view, each["pools"], each["tokens"]), each["amount_in"]).profit == each["profit"] > 0
        assert each["net_wei"] == each["worth_wei"] - each["gas_wei"]
        assert (each["verdict"] == "take") == (each["net_wei"] > least)
    paying = [
        each
        for each in CycleSearch(GasModel()).best(view, least, 50)
        if each.route.steps[0].token_in == view.weth and not each.route.outer  # type: ignore[union-attr]
    ]
    assert paying
    for trade in paying:
        steps = [step for step in trade.route.steps if isinstance(step, SwapStep)]
        each = found[frozenset((step.pool, step.token_in) for step in steps), view.weth]
        assert each["profit"] >= trade.gross_wei * (1 - 1e-9)


def test_people_are_told_in_lines(config: Path, commands: Any) -> None:
    told = commands.run("scan", "--config", config, "--limit", "2")
    first, *rest = told.out.splitlines()
    assert "cycles over" in first
    assert sum("profit" in line for line in rest) == 2
    assert told.errors == []


def test_a_chain_out_of_reach_is_said(config: Path, commands: Any, tmp_path: Path) -> None:
    commands.run("scan", "--config", tmp_path / "none").refused(2, "none")


async def test_cycles_of_four_are_searched_where_the_configuration_allows_them(
    config: Path, view: MarketView, tmp_path: Path, commands: Any
) -> None:
    copy = Path(shutil.copytree(config, tmp_path / "four"))
    limits = f'[cycles]\nbase_tokens = ["{view.weth}"]\nmin_liquidity_wei = {10**17}\nmax_cycles = 400000\n'
    settings = (copy / "tallyio.toml").read_text() + limits
    (copy / "tallyio.toml").write_text(settings)
    assert "left out by the limits in [cycles]: base_tokens" in commands.run("scan", "--config", copy, "--limit", 0).out
    (copy / "tallyio.toml").write_text(settings.replace("max_hops = 3", "max_hops = 4"))
    directory = ConfigDirectory.open(copy)
    async with Rpc(directory.chain.http_url) as rpc:
        wide = (await mirror_at_head(directory, rpc)).view()
    assert wide.block == view.block
    hops = (wide.graph.cycles.table >= 0).sum(axis=1)
    assert set(hops.tolist()) == {2, 3, 4}
    assert wide.graph.cycles.left_out.base_tokens > 0
    best = CycleSearch(GasModel()).best(wide, 0, 400)
    assert max(len(trade.route.steps) for trade in best if not trade.route.outer) == 4
    told = commands.run("scan", "--config", copy, "--json").json()["beyond"]
    assert told["longer"]
    assert all(len(each["pools"]) > 4 and each["profit"] > 0 for each in told["longer"])
    narrow = CycleSearch(GasModel()).best(view, 0, 1)
    assert best[0].net_wei >= narrow[0].net_wei
    for trade in best[:50]:
        wide.after(trade.route)


def own_swap(
    devnet: Any, protocol: str, amount: int, slippage_bps: int = 300, *, exact_out: bool = False
) -> tuple[bytes, str, Order, int]:
    """A trader's signed swap out of wrapped ether, or into it when ``exact_out``, with its hash and its quote."""
    world, trader = devnet.world, devnet.world.account("trader")
    pools = [p for p in world.pools if p.protocol == protocol and p.address not in world.odd_pools]
    pool = min((p for p in pools if world.weth in p.tokens), key=lambda each: each.fee_pips)
    token_in = pool.other(world.weth) if exact_out else world.weth
    order = Order(trader, (pool,), token_in, amount, exact_out, slippage_bps, 0, 10**9)
    to, data = quote_call(world, order)
    answer = devnet.node.call("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")
    quote = quoted(order, bytes.fromhex(answer[2:]))
    intent = swap(world, order, quote)
    nonce = int(devnet.node.call("eth_getTransactionCount", trader.address, "latest"), 16)
    return *sign(trader, world.chain_id, nonce, intent.to, intent.data, gas=intent.gas), order, quote


def test_a_swap_of_ones_own_is_measured_before_it_is_sent(devnet: Any, config: Path, commands: Any) -> None:
    raw, hash_, _, quote = own_swap(devnet, "uniswap_v2", 10**19)
    told = commands.run("exposure", "0x" + raw.hex(), "--config", config, "--json").json()
    (measured,) = told["swaps"]
    assert told["transaction"] == hash_
    assert (measured["quoted"], measured["limit"]) == (quote, quote * 9700 // 10_000)
    assert measured["limit"] <= measured["left"] < quote
    assert measured["taken"] > 0
    assert measured["exposed"] == (measured["worth_wei"] > measured["gas_wei"])
    assert measured["behind_copy"] is None or measured["limit"] <= measured["behind_copy"] < quote
    assert "alone, signed at least" in commands.run("exposure", raw.hex(), "--config", config).out


async def test_an_exact_output_is_measured_too(devnet: Any, config: Path) -> None:
    raw, _, _, cost = own_swap(devnet, "uniswap_v3", 10**18, exact_out=True)
    (measured,) = (await exposure(config, raw.hex()))["swaps"]
    assert measured["exact_out"]
    assert measured["quoted"] == cost <= measured["left"] <= measured["limit"]


async def test_a_pending_one_is_measured_by_its_hash(devnet: Any, config: Path) -> None:
    raw, hash_, _, quote = own_swap(devnet, "pancakeswap_v2", 10**18)
    before = devnet.node.call("evm_snapshot")
    try:
        devnet.node.call("eth_sendRawTransaction", "0x" + raw.hex())
        told = await exposure(config, hash_)
        assert told == await exposure(config, raw.hex())
        assert [each["quoted"] for each in told["swaps"]] == [quote]
        devnet.node.call("evm_mine")
        with pytest.raises(OperatorError, match="is in block"):
            await exposure(config, hash_)
    finally:
        devnet.node.call("evm_revert", before)


async def test_what_cannot_be_measured_is_refused(devnet: Any, config: Path) -> None:
    _, _, order, quote = own_swap(devnet, "uniswap_v2", 10**19)
    intent, stranger = swap(devnet.world, order, quote), devnet.world.searchers[0]
    nonce = int(devnet.node.call("eth_getTransactionCount", stranger.address, "latest"), 16)
    used, poor = (
        sign(who, devnet.world.chain_id, number, intent.to, intent.data, gas=intent.gas)[0].hex()
        for who, number in ((order.trader, 0), (stranger, nonce))
    )
    for given, why in (
        ("0x" + "00" * 32, "knows no transaction"),
        ("0x1234", "signed bytes in hex"),
        (used, "has nonce 0, expected"),
        (poor, "reverts on the local EVM"),
    ):
        with pytest.raises(OperatorError, match=why):
            await exposure(config, given)


async def test_the_chain_pays_a_sandwich_what_was_told(devnet: Any, config: Path, view: MarketView) -> None:
    node, world, who = devnet.node, devnet.world, devnet.world.searchers[1]
    raw, _, order, _ = own_swap(devnet, "uniswap_v3", 10**20, 1_000)
    (told,) = (await exposure(config, raw.hex()))["swaps"]
    pool, weth = order.pools[0], world.weth
    out = PoolExchange(pool, view.states[pool.address], weth, pool.other(weth), view.next_timestamp)
    bought = out.output_of(told["front_in"])

    def mine(signed: bytes) -> dict[str, Any]:
        tx_hash = node.call("eth_sendRawTransaction", "0x" + signed.hex())
        node.call("evm_mine")
        receipt: dict[str, Any] = node.call("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x1"
        return receipt

    def send(to: str | None, data: bytes, value_wei: int = 0) -> dict[str, Any]:
        nonce = int(node.call("eth_getTransactionCount", who.address, "latest"), 16)
        return mine(sign(who, world.chain_id, nonce, to, data, gas=4_000_000, value_wei=value_wei)[0])

    def held() -> int:
        data = "0x" + abi.call("balanceOf(address)", model).hex()
        return int(node.call("eth_call", {"to": weth, "data": data}, "latest"), 16)

    def step(token_in: Address, amount_in: int, amount_out: int) -> bytes:
        made = swap_step(pool, token_in, pool.other(token_in), amount_in, amount_out)
        return pack_swap(made, 0, nothing(weth))

    before = node.call("evm_snapshot")
    try:
        node.call("anvil_dropAllTransactions")  # what traders sent before the devnet was frozen takes raw's nonce
        model = send(None, model_creation(weth))["contractAddress"]
        send(weth, abi.call("deposit()"), told["front_in"])
        send(weth, abi.call("transfer(address,uint256)", model, told["front_in"]))
        assert pool.address == told["pool"]
        send(model, abi.call("front(bytes)", step(weth, told["front_in"], bought)))
        assert held() == 0
        mine(raw)
        back = told["front_in"] + told["taken"]
        send(model, abi.call("back(bytes)", step(pool.other(weth), bought, back)))
        assert held() == back
    finally:
        node.call("evm_revert", before)


def test_exposure_is_refused_where_other_people_trade(config: Path, tmp_path: Path, commands: Any) -> None:
    copy = Path(shutil.copytree(config, tmp_path / "public"))
    (chain,) = (copy / "chains").glob("*.toml")
    chain.write_text(re.sub(r"chain_id = \d+", "chain_id = 1", chain.read_text()))
    commands.run("exposure", "0x1234", "--config", copy).refused(4, "local chain alone")


def test_the_best_routes_between_two_tokens(config: Path, view: MarketView, commands: Any) -> None:
    numbers = {edge: view.graph.token_bought(edge) for edge in range(2 * len(view.graph.sides)) if view.rates[edge]}
    edge = next(e for e in numbers if view.graph.token_sold(e) == view.weth)
    words = ("scan", "--config", config, "--token-in", view.weth, "--token-out", numbers[edge], "--blocks", 5)
    told = commands.run(*words, "--amount", 10**18, "--json").json()
    assert told["proved"]
    assert told["routes"][0]["amount_out"] >= view.exchange(edge).output_of(10**18) > 0
    outs = [each["amount_out"] for each in told["routes"]]
    assert outs == sorted(outs, reverse=True)
    assert told["split"]["amount_out"] >= outs[0]
    assert sum(part["amount_in"] for part in told["split"]["parts"]) == 10**18
    assert all(0 < each["minimum_out"] <= each["amount_out"] for each in told["routes"])
    assert any(each["volatility"] > 0 for each in told["routes"])
    assert "best routes for" in commands.run(*words, "--amount", 10**18).out
    commands.run(*words, "--amount", 0).refused(2, "amount 0")
    commands.run("scan", "--config", config, "--token-in", view.weth, "--amount", 1).refused(2, "token_out")


def test_what_the_cycles_bring_together_is_within_its_bound(config: Path, view: MarketView, commands: Any) -> None:
    together = commands.run("scan", "--config", config, "--json").json()["joint"]
    assert together["single_wei"] <= together["profit_wei"] <= together["bound_wei"]
    assert together["gain_wei"] == together["profit_wei"] - together["single_wei"]
    assert together["trades"]
