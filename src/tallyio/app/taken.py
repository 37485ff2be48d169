"""What others took in a run's blocks, from the chain: it is read behind the searcher, at report time."""

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from tallyio.app.figures import RunFigures
from tallyio.backtest.lost import chances
from tallyio.backtest.records import Taken
from tallyio.backtest.takers import takers
from tallyio.chains import blocks, reads
from tallyio.chains.reads import Receipt
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.core.errors import OutOfReachError
from tallyio.core.executor_events import EXECUTED, executed
from tallyio.core.units import ZERO_ADDRESS, Address, Hash32
from tallyio.inspection.protocols.registry import EVENTS
from tallyio.inspection.sources import node
from tallyio.market.suspicion import Aside
from tallyio.reports.chances import Chance, Sight
from tallyio.strategies.arbitrage import ArbitrageSettings

AT_ONCE = 50
"""Blocks in one batch of questions."""
FACTORY = "0xc45a0155"
"""``factory()`` of a pool."""


async def taken_by_others(rpc: Rpc, directory: ConfigDirectory, figures: RunFigures, own: set[Hash32]) -> list[Chance]:
    """Arbitrages, backruns and liquidations in the run's blocks that none of ``own`` transactions made, by position."""
    found: list[Chance] = []
    for first in range(figures.first_block, figures.last_block + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, figures.last_block + 1))
        for header, receipts in await _blocks(rpc, numbers):
            took = takers(node.read(header, receipts, directory.chain.weth))
            by_hash = {receipt.tx_hash: receipt for receipt in receipts}
            others = [_told(each, by_hash[each.transaction], header) for each in took if each.transaction not in own]
            found += chances(header.ref.number, others)
    return found


async def _blocks(rpc: Rpc, numbers: Iterable[int]) -> list[tuple[blocks.Header, list[Receipt]]]:
    """Headers, each with the receipts of its transactions that have an event which is understood."""
    wanted = [hex(number) for number in numbers]
    query = {"fromBlock": wanted[0], "toBlock": wanted[-1], "topics": [sorted(EVENTS)]}
    logs = blocks.logs(await rpc.call("eth_getLogs", [query]))
    answers = await rpc.batch([("eth_getBlockByNumber", [number, False]) for number in wanted])
    hashes = list(dict.fromkeys(log.tx_hash for log in logs))
    receipts: dict[int, list[Receipt]] = defaultdict(list)
    for receipt in await reads.get_receipts(rpc, hashes):
        if receipt is None:
            raise OutOfReachError("the node has logs of a transaction but not its receipt", todo="Ask again")
        receipts[receipt.block_number].append(receipt)
    headers = [blocks.header(answer) for answer in answers if answer is not None]
    return [(header, receipts[header.ref.number]) for header in headers]


def _told(taken: Taken, receipt: Receipt, header: blocks.Header) -> Taken:
    """``taken`` with what executors of our kind say of gain and bid: receipts do not show payments of the coin."""
    said = [executed([log], log.address) for log in receipt.logs if log.topics[:1] == (EXECUTED,)]
    trades = [trade for trade in said if trade]
    if not trades:
        return taken
    tips = (receipt.effective_gas_price_wei - header.base_fee_wei) * receipt.gas_used
    gross = sum(gained for gained, _ in trades)
    paid = tips + sum(bid for _, bid in trades)
    net = gross - paid - taken.burnt_wei
    return replace(taken, gross_wei=gross if taken.borrower else taken.gross_wei, to_proposer_wei=paid, net_wei=net)


async def sight_of(rpc: Rpc, directory: ConfigDirectory, figures: RunFigures, there: Iterable[Chance]) -> Sight:
    """What the run's searcher could have seen of ``there``: its own pools, else whose factory a pool says it has."""
    chain = directory.chain
    named = dict.fromkeys(pool for chance in there if chance.borrower is None for pool in chance.pools)
    known = set(figures.pools or ())
    asked = [pool for pool in named if pool not in known]
    answers = await rpc.batch(
        [("eth_call", [{"to": pool, "data": FACTORY}, "latest"]) for pool in asked], keep_errors=True
    )
    factories = {dex.factory: dex.name for dex in chain.dexes}
    told = {pool: factories.get(_address(answer)) for pool, answer in zip(asked, answers, strict=True)}
    absent = {pool: f"of {name}, not in the market" for pool, name in told.items() if name and figures.pools}
    condemned = {pool: reason for pool, reason in figures.left.items() if reason.startswith(("token ", "set aside"))}
    aside: dict[Address, list[Aside]] = defaultdict(list)
    for each in figures.aside:
        aside[each.what].append(each)
    return Sight(
        foreign={pool: "" for pool, name in told.items() if name is None},
        unknown=absent | {pool: reason for pool, reason in figures.left.items() if pool not in condemned},
        untradable=condemned | dict(chain.untradable_tokens),
        longest=directory.settings.max_hops,
        minimum_wei=directory.strategy("arbitrage", ArbitrageSettings).min_profit_wei,
        anchor=chain.weth,
        aside=aside,
    )


def _address(answer: object) -> Address:
    word = answer[2:] if isinstance(answer, str) else ""
    return Address("0x" + word[24:]) if len(word) == 64 else ZERO_ADDRESS
