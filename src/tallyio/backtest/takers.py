"""Who really took what in a block, as the inspection tells it."""

from tallyio.backtest.records import Taken
from tallyio.core.units import Address, Hash32
from tallyio.inspection.activity import BlockActivity
from tallyio.inspection.arbitrage import Arbitrage
from tallyio.inspection.inspection import inspect
from tallyio.inspection.liquidation import Liquidated
from tallyio.inspection.payment import Payment


def takers(block: BlockActivity) -> list[Taken]:
    """Cyclic arbitrages (backruns are those behind another's swap) and liquidations, in order of position."""
    found = inspect(block)
    behind = {id(each.arbitrage): each.target_transaction for each in found.backruns}
    taken = [_arbitrage(block, each, behind.get(id(each))) for each in found.arbitrages]
    return sorted([*taken, *map(_liquidation, found.liquidations)], key=lambda each: each.position)


def _arbitrage(block: BlockActivity, each: Arbitrage, behind: Hash32 | None) -> Taken:
    return Taken(
        kind="backrun" if behind else "arbitrage",
        transaction=each.transaction,
        position=each.index,
        taker=each.taker,
        tokens=tuple(block.same(swap.token_in) for swap in each.path),
        pools=tuple(swap.pool for swap in each.path),
        protocols=tuple(swap.protocol for swap in each.path),
        amounts_in=tuple(swap.amount_in for swap in each.path),
        profit=each.profit,
        gross_wei=each.gross_wei,
        net_wei=each.net_wei,
        gas_wei=each.payment.gas_fee,
        to_proposer_wei=each.payment.to_proposer,
        reverted=each.reverted,
        behind=behind,
        burnt_wei=_burnt(each.payment),
    )


def _liquidation(each: Liquidated) -> Taken:
    done = each.liquidation
    profit: dict[Address, int] = {}
    if done.received_amount is not None:
        profit[done.collateral_token] = done.received_amount
    if done.debt_amount is not None:
        profit[done.debt_token] = profit.get(done.debt_token, 0) - done.debt_amount
    return Taken(
        kind="liquidation",
        transaction=each.transaction,
        position=each.index,
        taker=each.taker,
        tokens=(done.debt_token, done.collateral_token),
        pools=(done.market,),
        protocols=(done.protocol,),
        amounts_in=() if done.debt_amount is None else (done.debt_amount,),
        profit=profit,
        gross_wei=each.gross_wei,
        net_wei=each.net_wei,
        gas_wei=each.payment.gas_fee,
        to_proposer_wei=each.payment.to_proposer,
        reverted=each.reverted,
        borrower=done.borrower,
        burnt_wei=_burnt(each.payment),
    )


def _burnt(paid: Payment) -> int:
    return 0 if paid.priority_fee is None else paid.gas_fee - paid.priority_fee
