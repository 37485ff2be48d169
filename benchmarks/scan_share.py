"""How much of what there is ``tallyio scan`` finds on a devnet with every family, and whether it is paid:
``python benchmarks/scan_share.py [--seeds 1 2 3] [--blocks 12] [--pools 16] [--hops 4]``.

For each seed a devnet is made and traded on. An exhaustive search of its own then tries every cycle of up to ``hops``
pools, both ways round: a dense grid of inputs, then golden sections, on the exact models alone. ``share`` is what
scan's inputs bring over those cycles, each alone on the same state, as a part of what the exhaustive search's bring;
``least`` is the worst single cycle's. Then every trade that the search would send is run by the executor contract, each
on the same state; ``wrong`` counts those that did not earn what was predicted to the wei. At last what scan says that
all pools bring together is run, trade behind trade: ``gain`` is its part over the best single cycle's, ``together`` how
many trades, ``unpaid`` how many of them did not earn what was predicted.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tallyio.app.devnet_config import write_directory
from tallyio.app.follow import mirror_at_head
from tallyio.app.scan import scan
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.executor_events import EXECUTED
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address
from tallyio.devnet.anvil import Anvil
from tallyio.devnet.deploy.build import build_world
from tallyio.devnet.traffic.driver import Traffic
from tallyio.devnet.world import Sizes, World
from tallyio.execution.deploy import creation_data
from tallyio.execution.plan import execute_calldata
from tallyio.market.view import MarketView
from tallyio.strategies.base import GasModel
from tallyio.strategies.detection import Detection
from tallyio.strategies.optimum.joint import Terms, Trade, joint
from tallyio.strategies.search import CycleSearch, Found

GRID, SECTIONS = 48, 64
LEAST, MOST = 10**13, 10**23
"""Inputs that are tried, in wei of wrapped ether's worth."""
GOLDEN = 0.6180339887498949
NO_GAIN = 0.99995
ALL = 10**9

Edge = tuple[Address, Address, Address]
"""Pool, token in, token out."""


class Result(NamedTuple):
    """Worths in wei. ``cycles`` gain; ``missed`` of them were not found."""

    seed: int
    pools: int
    cycles: int
    missed: int
    share: float
    least: float
    executed: int
    wrong: int
    gain: float
    together: int
    unpaid: int
    families: dict[str, int]
    seconds: float


def cycles_of(view: MarketView, hops: int) -> Iterator[tuple[int, ...]]:
    """Every simple cycle by its edges, once for each direction, from the lowest of its tokens."""
    graph = view.graph
    leaving: defaultdict[Address, list[int]] = defaultdict(list)
    for pair, pool in enumerate(graph.pools):
        if pool.address in view.states and pool.address not in view.untradable:
            for edge in (2 * pair, 2 * pair + 1):
                leaving[graph.token_sold(edge)].append(edge)

    def further(path: tuple[int, ...], tokens: tuple[Address, ...]) -> Iterator[tuple[int, ...]]:
        for edge in leaving[tokens[-1]]:
            token = graph.token_bought(edge)
            if any(graph.pools[edge >> 1] is graph.pools[other >> 1] for other in path) or token < tokens[0]:
                continue
            if token == tokens[0] and path:
                yield (*path, edge)
            elif token not in tokens and len(path) + 1 < hops:
                yield from further((*path, edge), (*tokens, token))

    for start in sorted(leaving):
        yield from further((), (start,))


def gains(view: MarketView, values: dict[Address, float], hops: int) -> Iterator[tuple[int, ...]]:
    """The cycles whose pools together pay more than they take for a small amount, by exact quotes."""
    rates: dict[int, float] = {}
    for edge in range(2 * len(view.graph.pools)):
        token = view.graph.token_sold(edge)
        small = int(LEAST / values[token]) if values.get(token) else 0
        known = view.graph.pools[edge >> 1].address in view.states
        rates[edge] = max(view.exchange(edge).output_of(small), 0) / small if small and known else 0.0
    for path in cycles_of(view, hops):
        product = 1.0
        for edge in path:
            product *= rates[edge]
        if product > NO_GAIN:
            yield path


def dense(view: MarketView, path: Sequence[int], value: float) -> tuple[int, int]:
    """The best input and profit of a cycle; ``value`` is its first token's in wrapped ether."""
    legs = [view.exchange(edge) for edge in path]

    def profit(amount: int) -> int:
        out = amount
        for leg in legs:
            out = leg.output_of(out) if out > 0 else 0
        return out - amount

    step = (MOST / LEAST) ** (1 / GRID)
    tried = [max(int(LEAST * step**k / value), 1) for k in range(GRID + 1)]
    earned = [profit(amount) for amount in tried]
    top = max(range(len(tried)), key=earned.__getitem__)
    low, high = tried[max(top - 1, 0)], tried[min(top + 1, GRID)]
    best = (earned[top], -tried[top])
    for _ in range(SECTIONS):
        width = int((high - low) * GOLDEN)
        a, b = high - width, low + width
        if not low < a <= b < high:
            break
        at_a, at_b = profit(a), profit(b)
        best = max(best, (at_a, -a), (at_b, -b))
        low, high = (low, b) if at_a >= at_b else (a, high)
    return -best[1], best[0]


def values_of(view: MarketView, world: World) -> dict[Address, float]:
    """About what a unit of a token is worth in wei."""
    ether = world.tokens["WETH"]
    found = {
        token.address: token.price_e8 * 10**ether.decimals / (ether.price_e8 * 10**token.decimals)
        for token in world.tokens.values()
    }
    return found | {Address("0x" + "00" * 20): 1.0}


def compared(view: MarketView, world: World, told: dict[str, Any], hops: int) -> tuple[int, int, float, float]:
    """Gaining cycles, those not found, scan's share of all and the least of one."""
    values, found = values_of(view, world), dict[frozenset[Edge], tuple[Edge, int]]()
    unlisted = told["beyond"]
    for each in (*told["opportunities"], *unlisted["limited"], *unlisted["longer"]):
        ends = [*each["tokens"][1:], each["tokens"][0]]
        edges = list(zip(each["pools"], each["tokens"], ends, strict=True))
        found[frozenset(edges)] = edges[0], each["profit"]
    graph, count, missed, ours, theirs, least = view.graph, 0, 0, 0.0, 0.0, 1.0
    for path in gains(view, values, hops):
        edges = [(graph.pools[e >> 1].address, graph.token_sold(e), graph.token_bought(e)) for e in path]
        start, profit = found.get(frozenset(edges), (edges[0], 0))
        at = edges.index(start)
        value = values[start[1]]
        _, most = dense(view, (*path[at:], *path[:at]), value)
        if most * value < LEAST // 10:
            continue
        count, missed = count + 1, missed + (not profit)
        ours, theirs, least = ours + profit * value, theirs + most * value, min(least, profit / most)
    return count, missed, ours / theirs if theirs else 1.0, least


def executed(anvil: Anvil, world: World, view: MarketView, trades: Sequence[Found | Trade]) -> int:
    """How many of the trades, one behind the other in the view's next block, did not earn what they say."""
    owner, executor = world.account("searcher").address, executor_of(world)
    anvil.rpc.call("anvil_impersonateAccount", owner)
    before, sent = anvil.rpc.call("evm_snapshot"), []
    for trade in trades:
        data = execute_calldata(trade.route, trade.gross_wei, 0, weth=view.weth)
        gas = 12_000_000 if len(trades) == 1 else 2 * trade.gas
        call = {"from": owner, "to": executor, "data": "0x" + data.hex(), "gas": hex(gas)}
        sent.append(anvil.rpc.call("eth_sendTransaction", call))
    anvil.rpc.call("evm_setNextBlockTimestamp", view.next_timestamp)
    anvil.rpc.call("evm_mine")
    wrong = 0
    for trade, tx in zip(trades, sent, strict=True):
        receipt = anvil.rpc.call("eth_getTransactionReceipt", tx) or {"logs": []}
        told = [log for log in receipt["logs"] if log["topics"] == [EXECUTED]]
        wrong += not told or int(told[0]["data"][:66], 16) != trade.gross_wei
    anvil.rpc.call("evm_revert", before)
    return wrong


def executor_of(world: World) -> Address:
    from tallyio.chains.addresses import created_by

    return created_by(world.account("searcher").address, 0)


def deploy_executor(anvil: Anvil, world: World) -> None:
    owner = world.account("searcher").address
    anvil.rpc.call("anvil_impersonateAccount", owner)
    call = {"from": owner, "data": "0x" + creation_data(world.weth).hex(), "gas": hex(12_000_000)}
    anvil.rpc.call("eth_sendTransaction", call)
    anvil.rpc.call("evm_mine")


async def measured(seed: int, blocks: int, pools: int, hops: int) -> Result:
    started = time.monotonic()
    with Anvil() as anvil, tempfile.TemporaryDirectory() as folder:
        sizes = Sizes(pools=pools, borrowers=2, traders=6, providers=2, newcomers=2, searchers=1)
        world = build_world(anvil, seed, sizes)
        deploy_executor(anvil, world)
        traffic = Traffic(anvil.rpc_url, world)
        for number in range(world.end_block, world.end_block + blocks):
            await traffic.on_block(number)
            anvil.rpc.call("evm_mine")
        await traffic.close()
        out, url = Path(folder), anvil.rpc_url
        write_directory(
            out,
            world,
            http_url=url,
            ws_url=anvil.ws_url,
            builder_url=url,
            block_seconds=12,
            interval_ms=2500,
            max_hops=hops,
        )
        told = await scan(out)
        directory = ConfigDirectory.open(out)
        async with Rpc(anvil.rpc_url) as rpc:
            view = (await mirror_at_head(directory, rpc)).view()
        count, missed, share, least = compared(view, world, told, hops)
        trades = CycleSearch(GasModel()).best(view, 0, ALL)
        wrong = sum(executed(anvil, world, view, [trade]) for trade in trades)
        detection = Detection()
        detection.follow(view)
        best = joint(view, detection.standing(), Terms(GasModel()))
        together = best.trades if best else ()
        unpaid = executed(anvil, world, view, together)
        families = Counter(
            view.pools[step.pool].family for trade in trades for step in trade.route.steps if isinstance(step, SwapStep)
        )
        seconds = time.monotonic() - started
        return Result(
            seed=seed,
            pools=len(view.graph.index),
            cycles=count,
            missed=missed,
            share=share,
            least=least,
            executed=len(trades),
            wrong=wrong,
            gain=best.gain / best.single if best else 0.0,
            together=len(together),
            unpaid=unpaid,
            families=families,
            seconds=seconds,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--blocks", type=int, default=12)
    parser.add_argument("--pools", type=int, default=16, help="of Uniswap and PancakeSwap v2, beside all venues'")
    parser.add_argument("--hops", type=int, default=4, choices=(2, 3, 4))
    told = parser.parse_args()
    for seed in told.seeds:
        result = asyncio.run(measured(seed, told.blocks, told.pools, told.hops))
        print(json.dumps(result._asdict()), file=sys.stdout, flush=True)


if __name__ == "__main__":
    main()
