"""What a sandwich's victims lost: the same swap, on the pool as it was before the front.

Everything but the front is replayed in its order, so that victims stay behind one another. A loss is told only where
the replay is proved: with the front in it, it must give every swap's recorded amounts to the unit. A swap that fixed
its input lost output; one that fixed its output lost input. Another curve or fee, liquidity that changed in between,
or a state that is not at hand: then the loss is refused, with the reason.
"""

from typing import Literal

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.inspection.activity import BlockActivity, Swap, Transaction
from tallyio.inspection.protocols import uniswap_v2, uniswap_v3
from tallyio.inspection.replay import Curve, advanced, concentrated, fixed_input, pairs

Refusal = Literal["", "state unknown", "not reproduced", "liquidity changed", "curve unknown"]


class Loss(msgspec.Struct, frozen=True):
    """``amount`` of ``token`` that the victim got less, or paid more, than without the front; ``None`` when refused."""

    token: Address
    amount: int | None
    refused: Refusal = ""


def losses(
    block: BlockActivity, pool: Address, front_tx: Transaction, front: Swap, victims: list[tuple[Transaction, Swap]]
) -> list[Loss]:
    """One loss for each victim, in order."""
    traded = [
        (tx, s) for tx in block.transactions if tx.succeeded for s in tx.swaps if s.pool == pool and not s.reverted
    ]
    first, last = traded.index((front_tx, front)), traded.index(victims[-1])
    reason, curves = _before(block, pool, front_tx, front, [s for _, s in traded[:first]], victims[-1][0])
    if reason:
        return [Loss(s.token_out, None, reason) for _, s in victims]
    following = [s for _, s in traded[first + 1 : last + 1]]
    for curve in curves:
        found = _lost(curve, front, following)
        if found:
            at = dict(zip([(tx.hash, s.order) for tx, s in traded[first + 1 : last + 1]], found, strict=True))
            return [at[(tx.hash, s.order)] for tx, s in victims]
    return [Loss(s.token_out, None, "not reproduced") for _, s in victims]


def _before(
    block: BlockActivity, pool: Address, front_tx: Transaction, front: Swap, earlier: list[Swap], last: Transaction
) -> tuple[Refusal, list[Curve]]:
    """The pool right before ``front``, once for each curve it may have."""
    if front.protocol == uniswap_v2.NAME:
        if _liquidity_moved(block, pool, front_tx.index, last.index):
            return "liquidity changed", []
        held = _reserves(front_tx, front)
        return ("", pairs(held)) if held else ("state unknown", [])
    if front.protocol != uniswap_v3.NAME:
        return "curve unknown", []
    if pool not in block.storage:
        return "state unknown", []
    if _liquidity_moved(block, pool, 0, last.index):
        return "liquidity changed", []
    found = []
    for curve in concentrated(block.storage[pool]):
        try:
            found.append(advanced(curve, earlier))
        except ChainDataError:
            continue
    return "", found


def _lost(curve: Curve, front: Swap, following: list[Swap]) -> list[Loss]:
    """What each of ``following`` lost by ``front``; empty where ``curve`` does not reproduce what happened."""
    try:
        with_front, without = curve.happened(front), curve
        found = []
        for s in following:
            fixed = fixed_input(with_front, s)
            if fixed is None:
                return []
            with_front = with_front.happened(s)
            taken, given, without = without.run(s, fixed)
            found.append(Loss(s.token_out, given - s.amount_out) if fixed else Loss(s.token_in, s.amount_in - taken))
    except ChainDataError:
        return []
    return found


def _liquidity_moved(block: BlockActivity, pool: Address, first: int, last: int) -> bool:
    return any(
        change.pool == pool and not change.reverted
        for tx in block.transactions
        if first <= tx.index <= last
        for change in tx.liquidity
    )


def _reserves(tx: Transaction, front: Swap) -> dict[Address, int] | None:
    """The pair's reserves before ``front``: those after it less its own amounts."""
    low, high = sorted((front.token_in, front.token_out))
    after = next((r for r in reversed(tx.reserves) if r.pool == front.pool and r.order <= front.order), None)
    if after is None:
        return None
    held: dict[Address, int] = {low: after.reserve0, high: after.reserve1}
    held[front.token_in] -= front.amount_in
    held[front.token_out] += front.amount_out
    return held
