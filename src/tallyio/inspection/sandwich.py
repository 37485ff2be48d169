"""Sandwiches: one actor trades before and after somebody else in one pool.

After Zhou et al., "High-Frequency Trading on Decentralized On-Chain Exchanges" (2021): in one pool the front buys the
token that the victims buy after it, and the back, later in the block, sells it. Front and back are of one actor, the
victims of others, each in a transaction between the two.

The actor is one when both transactions have one sender, or when one account keeps the bought token in between: it ends
the front with more of it and the back with less. A router, which many call and which keeps nothing, is none.
"""

import msgspec

from tallyio.core.units import Address, Hash32
from tallyio.inspection.activity import BlockActivity, Swap, Transaction
from tallyio.inspection.arbitrage import net_of, worth
from tallyio.inspection.payment import Payment, payment
from tallyio.inspection.reading import net_flows
from tallyio.inspection.victim_loss import Loss, losses


class Victim(msgspec.Struct, frozen=True):
    """``loss`` is against the same swap, on the pool as it was before the front."""

    transaction: Hash32
    index: int
    sender: Address
    swap: Swap
    loss: Loss


class Sandwich(msgspec.Struct, frozen=True):
    """``profit`` by token in this pool: what front and back got out less what they put in, zeros left out.

    A position that is not wholly sold again stands there as an amount of the bought token. ``gross_wei`` is what all
    swaps of both transactions brought, in other pools too, valued at their own prices; ``net_wei`` is that less both
    transactions' costs. Sandwiches of one pair of transactions share these two.
    """

    pool: Address
    actor: Address
    front_transaction: Hash32
    front_index: int
    front: Swap
    back_transaction: Hash32
    back_index: int
    back: Swap
    victims: tuple[Victim, ...]
    profit: dict[Address, int]
    gross_wei: int | None
    net_wei: int | None
    payments: tuple[Payment, Payment]


def sandwiches(block: BlockActivity) -> list[Sandwich]:
    """Every sandwich in ``block``; one for each pool that it is in."""
    swaps = [(tx, s) for tx in block.transactions if tx.succeeded for s in tx.swaps if not s.reverted]
    by_pool: dict[Address, list[tuple[Transaction, Swap]]] = {}
    for tx, s in swaps:
        by_pool.setdefault(s.pool, []).append((tx, s))
    found: list[Sandwich] = []
    for pool, traded in by_pool.items():
        used: set[Hash32] = set()
        for at, (tx, front) in enumerate(traded):
            if tx.hash in used:
                continue
            sandwich = _behind(block, pool, traded[at + 1 :], tx, front)
            if sandwich:
                used.add(sandwich.back_transaction)
                found.append(sandwich)
    return sorted(found, key=lambda s: (s.front_index, s.front.order))


def _behind(
    block: BlockActivity, pool: Address, later: list[tuple[Transaction, Swap]], front_tx: Transaction, front: Swap
) -> Sandwich | None:
    between: list[tuple[Transaction, Swap]] = []
    for tx, swap in later:
        if tx.hash == front_tx.hash:
            continue
        if _one_actor(front_tx, front, tx, swap):
            if (swap.token_in, swap.token_out) == (front.token_out, front.token_in):
                victims = [(t, s) for t, s in between if t.index < tx.index]
                return _record(block, pool, (front_tx, front), (tx, swap), victims) if victims else None
            continue
        if (swap.token_in, swap.token_out) == (front.token_in, front.token_out):
            between.append((tx, swap))
    return None


def _one_actor(front_tx: Transaction, front: Swap, tx: Transaction, swap: Swap) -> bool:
    if front_tx.sender == tx.sender:
        return True
    pools = {s.pool for s in (*front_tx.swaps, *tx.swaps)}
    keepers = {front.recipient} & {swap.payer} | ({front_tx.to} & {tx.to})
    token = front.token_out
    return any(
        keeper is not None and keeper not in pools and _gained(front_tx, keeper, token) > 0 > _gained(tx, keeper, token)
        for keeper in keepers
    )


def _gained(tx: Transaction, keeper: Address, token: Address) -> int:
    return net_flows((t for t in tx.transfers if not t.reverted), keeper).get(token, 0)


def _record(
    block: BlockActivity,
    pool: Address,
    front: tuple[Transaction, Swap],
    back: tuple[Transaction, Swap],
    hit: list[tuple[Transaction, Swap]],
) -> Sandwich:
    (front_tx, first), (back_tx, last) = front, back
    profit = {token: amount for token, amount in net_of(block, (first, last)).items() if amount}
    both = [s for tx in (front_tx, back_tx) for s in tx.swaps if not s.reverted]
    gross = worth(block, {token: n for token, n in net_of(block, both).items() if n}, both)
    payments = (payment(block, front_tx), payment(block, back_tx))
    costs = [p.cost for p in payments]
    known = [c for c in costs if c is not None]
    net_wei = gross - sum(known) if gross is not None and len(known) == 2 else None
    loss = losses(block, pool, front_tx, first, hit)
    return Sandwich(
        pool=pool,
        actor=_actor(front_tx, first, back_tx, last),
        front_transaction=front_tx.hash,
        front_index=front_tx.index,
        front=first,
        back_transaction=back_tx.hash,
        back_index=back_tx.index,
        back=last,
        victims=tuple(Victim(tx.hash, tx.index, tx.sender, s, lost) for (tx, s), lost in zip(hit, loss, strict=True)),
        profit=profit,
        gross_wei=gross,
        net_wei=net_wei,
        payments=payments,
    )


def _actor(front_tx: Transaction, front: Swap, back_tx: Transaction, back: Swap) -> Address:
    """The contract both call, where there is one; else who received, else who signed."""
    if front_tx.to is not None and front_tx.to == back_tx.to:
        return front_tx.to
    pools = {s.pool for s in (*front_tx.swaps, *back_tx.swaps)}
    return front.recipient if front.recipient == back.payer and front.recipient not in pools else front_tx.sender
