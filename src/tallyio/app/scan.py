"""One look at a chain: every cycle that pays on its newest block, sized exactly, and why it would be taken or left."""

from pathlib import Path
from typing import Any

import msgspec

from tallyio.app.chain_check import check_chain
from tallyio.app.follow import mirror_at_head
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.hot_path.sizing import refine
from tallyio.market.view import MarketView
from tallyio.strategies.arbitrage import ArbitrageSettings
from tallyio.strategies.detection import Detection
from tallyio.strategies.optimum.best_input import best_input
from tallyio.strategies.optimum.joint import Terms, joint
from tallyio.strategies.pathfinding import beyond
from tallyio.strategies.ways import Path as Way
from tallyio.strategies.ways import Standing

HOPS = 5
"""Of cycles that are looked for beside the index."""


async def scan(config: Path) -> dict[str, Any]:
    """``block``, ``pools``, ``cycles`` and what the limits ``left_out`` by each, ``opportunities``, the dearest first,
    ``joint``: what all of their pools bring at best, solved together, and ``beyond``: the cycles that the index does
    not hold, because of its limits or their length."""
    directory = ConfigDirectory.open(config)
    async with Rpc(directory.chain.http_url) as rpc:
        await check_chain(rpc, directory.chain)
        mirror = await mirror_at_head(directory, rpc)
    view = mirror.view()
    detection = Detection()
    detection.follow(view)
    settings = directory.strategy("arbitrage", ArbitrageSettings)
    told = directory.settings
    bases = [view.weth, *(token for token in told.cycles.base_tokens if token != view.weth)]
    unlisted = beyond(view, bases, told.max_hops, HOPS)
    return {
        "block": view.block.number,
        "pools": len(view.graph.index),
        "cycles": len(view.graph.cycles),
        "left_out": msgspec.structs.asdict(view.graph.cycles.left_out),
        "opportunities": _all(view, [(way.path, float(way.amount_in)) for way in detection.standing()], settings),
        "joint": _together(view, detection.standing(), settings),
        "beyond": {
            "limited": _all(view, [(path, None) for path in unlisted.limited], settings),
            "longer": _all(view, [(path, None) for path in unlisted.longer], settings),
            "complete": unlisted.complete,
        },
    }


def _all(view: MarketView, ways: list[tuple[Way, float | None]], settings: ArbitrageSettings) -> list[dict[str, Any]]:
    shown = [each for path, start in ways if (each := _described(view, path, start, settings))]
    return sorted(shown, key=lambda each: -each["net_wei"])


def _together(view: MarketView, ways: list[Standing], settings: ArbitrageSettings) -> dict[str, Any] | None:
    """Before gas; ``None`` where no cycle starts with wrapped ether."""
    best = joint(view, ways, Terms(settings.gas))
    if best is None:
        return None
    return {
        "profit_wei": best.profit,
        "single_wei": best.single,
        "gain_wei": best.gain,
        "bound_wei": int(best.bound),
        "trades": [
            {
                "pools": [view.graph.pools[edge >> 1].address for edge in each.cycle.path],
                "amount_in": each.cycle.amount_in,
                "gross_wei": each.gross_wei,
            }
            for each in best.trades
        ],
    }


def _described(
    view: MarketView, edges: Way, start_in: float | None, settings: ArbitrageSettings
) -> dict[str, Any] | None:
    """Worth in wrapped ether is the profit at the margin of the best pool that sells its token; gas at the next fee.

    ``start_in`` is where to look for the best input, where it is known about. ``None`` where no whole amount gains.
    """
    graph = view.graph
    pools = [graph.pools[edge >> 1] for edge in edges]
    if start_in is None:
        certified = best_input(view, edges)
        best = certified.sized if certified else None
    else:  # the detector may miss by a unit of the path's coarsest token
        best = refine([view.exchange(edge) for edge in edges], start_in)
    if best is None:
        return None
    amount_in, profit = best.amounts[0], best.profit
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
