"""An inspection as tables for people."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table

from tallyio.inspection.activity import Swap
from tallyio.inspection.inspection import Inspection


def tables(found: Inspection) -> list[Table]:
    """One table for each kind that was found."""
    made = [_swaps(found), _arbitrages(found), _liquidations(found), _backruns(found), _sandwiches(found)]
    return [table for table in made if table.row_count]


def _swaps(found: Inspection) -> Table:
    table = _table("swaps", "tx", "protocol", "pool", "sold", "bought", "")
    for tx in found.block.transactions:
        for s in tx.swaps:
            sold, bought = f"{s.amount_in} {s.token_in[:8]}", f"{s.amount_out} {s.token_out[:8]}"
            table.add_row(str(tx.index), s.protocol, s.pool[:10], sold, bought, "reverted" if s.reverted else "")
    return table


def _arbitrages(found: Inspection) -> Table:
    table = _table("arbitrages", "tx", "taker", "path", "profit", "gross wei", "net wei", "to proposer", "")
    for a in found.arbitrages:
        profit = f"{a.profit_amount} {a.profit_token[:8]}"
        values = (_known(a.gross_wei), _known(a.net_wei), _known(a.payment.to_proposer))
        table.add_row(str(a.index), a.taker[:10], _path(a.path), profit, *values, "reverted" if a.reverted else "")
    return table


def _liquidations(found: Inspection) -> Table:
    table = _table("liquidations", "tx", "protocol", "liquidator", "repaid", "received", "gross wei", "net wei", "")
    for x in found.liquidations:
        each = x.liquidation
        repaid = f"{_known(each.debt_amount)} {each.debt_token[:8]}"
        received = f"{_known(each.received_amount)} {each.collateral_token[:8]}"
        values = (repaid, received, _known(x.gross_wei), _known(x.net_wei), "reverted" if x.reverted else "")
        table.add_row(str(x.index), each.protocol, x.taker[:10], *values)
    return table


def _backruns(found: Inspection) -> Table:
    table = _table("backruns", "tx", "taker", "behind tx", "of", "in pool", "profit")
    for b in found.backruns:
        a = b.arbitrage
        profit = f"{a.profit_amount} {a.profit_token[:8]}"
        table.add_row(str(a.index), a.taker[:10], str(b.target_index), b.target_sender[:10], b.pool[:10], profit)
    return table


def _sandwiches(found: Inspection) -> Table:
    table = _table("sandwiches", "front", "back", "actor", "pool", "profit", "gross wei", "net wei", "victims' loss")
    for s in found.sandwiches:
        profit = ", ".join(f"{n} {token[:8]}" for token, n in s.profit.items())
        lost = ", ".join(
            f"{v.loss.amount} {v.loss.token[:8]}" if v.loss.amount is not None else v.loss.refused for v in s.victims
        )
        places = (str(s.front_index), str(s.back_index), s.actor[:10], s.pool[:10])
        table.add_row(*places, profit, _known(s.gross_wei), _known(s.net_wei), lost)
    return table


def _path(swaps: Iterable[Swap]) -> str:
    steps = list(swaps)
    return " > ".join([*(s.token_in[:8] for s in steps), steps[-1].token_out[:8]])


def _known(value: Any) -> str:
    return "?" if value is None else str(value)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
