"""One look at a chain: every cycle that pays on its newest block, sized exactly, and why it would be taken or left."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.app.chain_check import check_chain
from tallyio.app.follow import mirror_at_head
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.hot_path.sizing import Leg, refine
from tallyio.market.view import MarketView
from tallyio.strategies.arbitrage import ArbitrageSettings


async def scan(config: Path) -> dict[str, Any]:
    """``block``, ``pools``, ``cycles``, what the detector ``left_out`` beyond its caps, and ``opportunities``, the
    dearest first."""
    directory = ConfigDirectory.open(config)
    async with Rpc(directory.chain.http_url) as rpc:
        await check_chain(rpc, directory.chain)
        mirror = await mirror_at_head(directory, rpc)
    view = mirror.view()
    edges = one_direction(view.graph.cycles.edges, view)
    opportunities, left_out = detected(view, edges, directory.strategy("arbitrage", ArbitrageSettings))
    return {
        "block": view.block.number,
        "pools": len(view.graph.pools),
        "cycles": len(edges),
        "left_out": left_out,
        "opportunities": opportunities,
    }


def one_direction(edges: NDArray[np.int32], view: MarketView) -> NDArray[np.int32]:
    """Of a cycle and its reverse the one whose lowest pool sells token0, where every pool may be traded."""
    pools = np.where(edges >= 0, edges >> 1, np.iinfo(np.int32).max)
    lowest = np.take_along_axis(edges, pools.argmin(axis=1)[:, None], axis=1)[:, 0]
    barred = np.zeros(len(view.graph.pools) + 1, np.bool_)
    barred[[view.graph.index[pool] for pool in view.untradable if pool in view.graph.index]] = True
    tradable = ~barred[np.where(edges >= 0, edges >> 1, -1)].any(axis=1)
    return np.ascontiguousarray(edges[(lowest & 1 == 0) & tradable])


def detected(
    view: MarketView, edges: NDArray[np.int32], settings: ArbitrageSettings
) -> tuple[list[dict[str, Any]], int]:
    """What the compiled detector finds on ``view``, and how many candidates its caps left out."""
    from tallyio.hot_path.detector.detector import Candidate, Detector

    graph = view.graph
    detector = Detector(graph.pools, edges, capacity=4096)
    updates = [(i, view.states[pool.address]) for i, pool in enumerate(graph.pools) if pool.address in view.states]
    detector.write(updates)
    detector.drain()  # found while other pools were still unknown
    found: dict[int, Candidate] = {}
    left_out = 0
    for update in updates:
        detector.write([update])
        for candidate in detector.drain():
            left_out += candidate.left_out if candidate.rank == 0 else 0
            known = found.get(candidate.cycle)
            if known is None or candidate.profit > known.profit:
                found[candidate.cycle] = candidate
    shown = [_described(view, edges[c.cycle], c, settings) for c in found.values()]
    return sorted(shown, key=lambda each: -each["net_wei"]), left_out


def _described(view: MarketView, row: NDArray[np.int32], candidate: Any, settings: ArbitrageSettings) -> dict[str, Any]:
    """Worth in wrapped ether is the profit at the margin of the best pool that sells its token; gas at the next fee."""
    graph = view.graph
    edges = [int(edge) for edge in row if edge >= 0]
    if candidate.backwards:
        edges = [edge ^ 1 for edge in reversed(edges)]
    pools = [graph.pools[edge >> 1] for edge in edges]
    legs = [Leg(pool, view.states[pool.address], not edge & 1) for pool, edge in zip(pools, edges, strict=True)]
    best = refine(legs, float(candidate.amount_in))  # the detector may miss by a unit of the path's coarsest token
    amount_in, profit = (best.amounts[0], best.profit) if best else (candidate.amount_in, candidate.profit)
    start = graph.token_sold(edges[0])
    sales = [] if start == graph.weth else list(graph.into_weth.get(start, ()))
    rate = 1.0 if start == graph.weth else max((float(view.rates[edge]) for edge in sales), default=0.0)
    families = [pool.family for pool in pools]
    if sales:
        families.append(graph.pools[max(sales, key=lambda edge: view.rates[edge]) >> 1].family)
    worth = profit if start == graph.weth else int(profit * rate)
    gas_wei = settings.gas.swaps(families) * view.next_base_fee_wei
    net = worth - gas_wei
    short = settings.min_profit_wei - net
    return {
        "pools": [pool.address for pool in pools],
        "tokens": [graph.token_sold(edge) for edge in edges],
        "amount_in": amount_in,
        "profit": profit,
        "worth_wei": worth,
        "gas_wei": gas_wei,
        "net_wei": net,
        "verdict": "take" if short < 0 else f"leave: {short} wei short of min_profit_wei",
    }
