"""One look at a chain: the best routes from one token to another, and what may be lost until they land."""

from pathlib import Path
from typing import Any

from tallyio.app.chain_check import check_chain
from tallyio.app.follow import mirror_at_head
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import OperatorError
from tallyio.core.units import address
from tallyio.market.market import Market
from tallyio.market.view import MarketView
from tallyio.strategies.routes import Quote, best_routes
from tallyio.strategies.slippage import seen_rates, slippage

MOST_HOPS = 5


async def routes(
    config: Path, token_in: str, token_out: str, amount: int, *, hops: int, blocks: int, keep: int
) -> dict[str, Any]:
    """``routes`` for the whole ``amount`` (in units of ``token_in``), the best first, and ``split``, the best over
    several. Each has its slippage ``blocks`` ahead with 99 % confidence, from the blocks that the mirror has seen.

    Raises ``OperatorError`` for tokens and amounts that cannot be.
    """
    if token_in.lower() == token_out.lower():
        raise OperatorError(f"token_in and token_out are both {token_in}, expected two tokens")
    if amount <= 0 or not 1 <= hops <= MOST_HOPS or blocks < 0:
        raise OperatorError(
            f"found amount {amount}, hops {hops} and blocks {blocks}, expected an amount above 0 in the smallest "
            f"units, 1 to {MOST_HOPS} hops and 0 or more blocks"
        )
    try:
        ends = address(token_in), address(token_out)
    except ValueError as e:
        raise OperatorError(f"token_in {token_in}, token_out {token_out}: {e}") from e
    directory = ConfigDirectory.open(config)
    async with Rpc(directory.chain.http_url) as rpc:
        await check_chain(rpc, directory.chain)
        mirror = await mirror_at_head(directory, rpc)
    view = mirror.view()
    found = best_routes(view, *ends, amount, hops=hops, keep=keep)
    return {
        "block": view.block.number,
        "amount_in": amount,
        "routes": [_described(view, mirror.market, each, blocks) for each in found.singles],
        "split": {
            "amount_out": sum(each.amount_out for each in found.split),
            "parts": [_described(view, mirror.market, each, blocks) for each in found.split],
        },
        "proved": found.proved,
    }


def _described(view: MarketView, market: Market, quote: Quote, blocks: int) -> dict[str, Any]:
    graph = view.graph
    seen = seen_rates(view, market.history(), quote.path)
    told = slippage(quote.amounts[0], quote.amount_out, quote.rate, seen, blocks=blocks)
    return {
        "pools": [graph.pools[edge >> 1].address for edge in quote.path],
        "tokens": [graph.token_sold(quote.path[0]), *(graph.token_bought(edge) for edge in quote.path)],
        "amount_in": quote.amounts[0],
        "amount_out": quote.amount_out,
        "impact": told.impact,
        "volatility": told.volatility,
        "worst": told.worst,
        "minimum_out": told.minimum_out,
    }
