"""What a sandwich's victims lost: the same input, on the pool as it was before the front.

Everything but the front is replayed in its order, so that victims stay behind one another. A loss is told only where
the replay is proved: with the front in it, it must give every swap's recorded amounts to the unit. A swap whose output
is the most for its input fixed its input; one whose input is what the library asks for its output fixed its output, and
loses input. A pool with another fee or curve, liquidity that changed in between, or a state that is not at hand: then
the loss is refused, with the reason.
"""

from typing import Literal

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.hot_path.amm.v2 import amount_in, amount_out
from tallyio.inspection.activity import BlockActivity, Swap, Transaction

V2_FEES = (3000, 2500, 2000, 1000, 10000)
"""Fees in pips of the forks' pairs; the one that reproduces the swaps is the pair's."""

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
    refused: Refusal
    if front.protocol != "uniswap_v2":
        refused = "curve unknown"
        return [Loss(s.token_out, None, refused) for _, s in victims]
    last = victims[-1]
    steps = [
        (tx, s)
        for tx in block.transactions
        if front_tx.index <= tx.index <= last[0].index
        for s in tx.swaps
        if s.pool == pool and not s.reverted and _between((tx.index, s.order), front_tx, front, last)
    ]
    if _liquidity_moved(block, pool, front_tx.index, last[0].index):
        return [Loss(s.token_out, None, "liquidity changed") for _, s in victims]
    reserves = _before(front_tx, front)
    if reserves is None:
        return [Loss(s.token_out, None, "state unknown") for _, s in victims]
    swaps = [s for _, s in steps]
    for fee in V2_FEES:
        fixed = _reproduced(reserves, swaps, fee)
        if fixed:
            found = _replay(reserves, swaps[1:], fixed, fee)
            if found:
                at = {(tx.hash, s.order): loss for (tx, s), loss in zip(steps[1:], found, strict=True)}
                return [at[(tx.hash, s.order)] for tx, s in victims]
    return [Loss(s.token_out, None, "not reproduced") for _, s in victims]


def _between(at: tuple[int, int], front_tx: Transaction, front: Swap, last: tuple[Transaction, Swap]) -> bool:
    return (front_tx.index, front.order) <= at <= (last[0].index, last[1].order)


def _liquidity_moved(block: BlockActivity, pool: Address, first: int, last: int) -> bool:
    return any(
        change.pool == pool and not change.reverted
        for tx in block.transactions
        if first <= tx.index <= last
        for change in tx.liquidity
    )


def _before(tx: Transaction, front: Swap) -> dict[Address, int] | None:
    """The pair's reserves before ``front``: those after it less its own amounts, else what the pair last said."""
    low, high = sorted((front.token_in, front.token_out))
    after = next((r for r in reversed(tx.reserves) if r.pool == front.pool and r.order <= front.order), None)
    if after is None:
        return None
    held = {low: after.reserve0, high: after.reserve1}
    return {
        front.token_in: held[front.token_in] - front.amount_in,
        front.token_out: held[front.token_out] + front.amount_out,
    }


def _reproduced(reserves: dict[Address, int], swaps: list[Swap], fee: int) -> list[bool]:
    """For each swap after the front whether it fixed its input; empty where one is reproduced neither way.

    The front itself may leave dust: it only moves the reserves, and may not get more than the most.
    """
    held, fixed = dict(reserves), []
    for at, s in enumerate(swaps):
        try:
            most = amount_out(s.amount_in, held[s.token_in], held[s.token_out], fee)
            asked = amount_in(s.amount_out, held[s.token_in], held[s.token_out], fee)
        except ChainDataError:
            return []
        if s.amount_out > most or (at and s.amount_out != most and s.amount_in != asked):
            return []
        if at:
            fixed.append(s.amount_out == most)
        held[s.token_in] += s.amount_in
        held[s.token_out] -= s.amount_out
    return fixed


def _replay(reserves: dict[Address, int], swaps: list[Swap], fixed: list[bool], fee: int) -> list[Loss]:
    """Each swap's loss when ``swaps`` begin at ``reserves``; empty where one could not have been."""
    held, found = dict(reserves), []
    for s, input_fixed in zip(swaps, fixed, strict=True):
        taken, given = s.amount_in, s.amount_out
        try:
            if input_fixed:
                given = amount_out(taken, held[s.token_in], held[s.token_out], fee)
                found.append(Loss(s.token_out, given - s.amount_out))
            else:
                taken = amount_in(given, held[s.token_in], held[s.token_out], fee)
                found.append(Loss(s.token_in, s.amount_in - taken))
        except ChainDataError:
            return []
        held[s.token_in] += taken
        held[s.token_out] -= given
    return found
