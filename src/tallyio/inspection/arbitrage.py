"""Cyclic arbitrages: swaps of one transaction whose tokens close a circle.

After Daian et al., "Flash Boys 2.0" (2020), and Qin, Zhou and Gervais, "Quantifying Blockchain Extractable Value"
(2022): at least two swaps, each selling what another of them bought, over at least two pools. First circles of
single file are taken out: each swap sells what the one before bought, amounts agreeing within a hundredth. What is
left may be a split or netted path: swaps over a set of tokens each of which can be reached from each other, that
together lose nothing of any token and gain of one.

Profit is what the circle's swaps paid out less what they took in, token by token, before gas and payments. Negative
profit is a loss made on purpose or by mistake; it is kept and told by its sign.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice, pairwise

import msgspec

from tallyio.core.units import Address, Hash32
from tallyio.inspection.activity import BlockActivity, Swap, Transaction
from tallyio.inspection.payment import Payment, payment

CLOSE = 100
"""A swap's input follows another's output when they differ by no more than one part in this many."""
LONGEST = 8
"""Swaps of a circle in single file, at most."""
MOST = 20_000
"""Paths tried for one circle, at most."""


class Arbitrage(msgspec.Struct, frozen=True):
    """``profit`` is by token, zeros left out. ``gross_wei`` values all of it in the chain's coin where the circle's
    own swaps tell a price, else it is ``None``; ``net_wei`` is the whole transaction's gross less its ``payment``."""

    transaction: Hash32
    index: int
    taker: Address
    path: tuple[Swap, ...]
    profit: dict[Address, int]
    profit_token: Address
    profit_amount: int
    gross_wei: int | None
    net_wei: int | None
    payment: Payment
    reverted: bool


def arbitrages(block: BlockActivity) -> list[Arbitrage]:
    """Every circle in ``block``, in order."""
    return [found for tx in block.transactions for found in in_transaction(block, tx)]


def in_transaction(block: BlockActivity, tx: Transaction) -> list[Arbitrage]:
    swaps = list(tx.swaps)
    circles: list[tuple[Swap, ...]] = []
    while circle := _single_file(block, swaps):
        circles.append(circle)
        swaps = [s for s in swaps if s not in circle]
    circles += [part for part in _components(block, swaps) if _pays(net_of(block, part))]
    paid = payment(block, tx)
    records = [_record(block, tx, circle, paid) for circle in circles]
    earned = [r.gross_wei for r in records if not r.reverted and tx.succeeded]
    known = paid.cost is not None and None not in earned
    net = sum(e for e in earned if e is not None) - paid.cost if known and paid.cost is not None else None
    return [msgspec.structs.replace(r, net_wei=net) for r in records]


def _record(block: BlockActivity, tx: Transaction, circle: tuple[Swap, ...], paid: Payment) -> Arbitrage:
    net = {token: amount for token, amount in net_of(block, circle).items() if amount}
    start = block.same(circle[0].token_in)
    token = start if start in net or not net else max(net, key=lambda t: (t == block.native, net[t] > 0))
    return Arbitrage(
        transaction=tx.hash,
        index=tx.index,
        taker=taker(tx, circle),
        path=circle,
        profit=net,
        profit_token=token,
        profit_amount=net.get(token, 0),
        gross_wei=worth(block, net, circle),
        net_wei=None,
        payment=paid,
        reverted=any(s.reverted for s in circle) or not tx.succeeded,
    )


def taker(tx: Transaction, circle: Sequence[Swap]) -> Address:
    """Who traded: the one who got the last output, or paid the first input, unless that is a pool; else who was
    called."""
    pools = {s.pool for s in tx.swaps}
    for party in (circle[-1].recipient, circle[0].payer, circle[0].recipient):
        if party not in pools:
            return party
    return tx.to or tx.sender


def net_of(block: BlockActivity, swaps: Sequence[Swap]) -> dict[Address, int]:
    net: dict[Address, int] = {}
    for s in swaps:
        for token, amount in ((block.same(s.token_in), -s.amount_in), (block.same(s.token_out), s.amount_out)):
            net[token] = net.get(token, 0) + amount
    return net


def _pays(net: dict[Address, int]) -> bool:
    return bool(net) and min(net.values()) >= 0 and max(net.values()) > 0


def _single_file(block: BlockActivity, swaps: list[Swap]) -> tuple[Swap, ...]:
    """The best circle that begins with the chain's coin, else with any token; empty where there is none.

    Of several that which gains is preferred, then the one whose amounts hand over most exactly, then the longest.
    """
    for native in (True, False):
        starts = [s for s in swaps if (block.same(s.token_in) == block.native) is native]
        tried = islice(chain.from_iterable(_paths(block, (start,), swaps) for start in starts), MOST)
        found = [path for path in tried if _is_circle(block, path)]
        if found:
            return max(found, key=lambda path: (path[-1].amount_out > path[0].amount_in, -_loose(path), len(path)))
    return ()


def _paths(block: BlockActivity, path: tuple[Swap, ...], swaps: list[Swap]) -> Iterator[tuple[Swap, ...]]:
    """``path`` and all that continue it, the closest hand-over first, as far as no token comes twice."""
    yield path
    last, passed = path[-1], {block.same(s.token_in) for s in path}
    if block.same(last.token_out) in passed or len(path) == LONGEST:
        return
    following = [
        s
        for s in swaps
        if s not in path and block.same(s.token_in) == block.same(last.token_out) and _close(last.amount_out, s)
    ]
    for s in sorted(following, key=lambda s: _apart(last.amount_out, s)):
        yield from _paths(block, (*path, s), swaps)


def _is_circle(block: BlockActivity, path: tuple[Swap, ...]) -> bool:
    pools = [s.pool for s in path]
    closed = block.same(path[-1].token_out) == block.same(path[0].token_in)
    return closed and len(path) > 1 and all(a != b for a, b in pairwise([*pools, pools[0]]))


def _loose(path: tuple[Swap, ...]) -> int:
    """By how many millionths the hand-overs of ``path`` miss, all together."""
    return sum(_apart(a.amount_out, b) * 10**6 // a.amount_out for a, b in pairwise(path))


def _apart(bought: int, following: Swap) -> int:
    return min(abs(following.amount_in - bought), abs(following.amount_sent - bought))


def _close(bought: int, following: Swap) -> bool:
    return any(abs(sold - bought) * CLOSE <= max(sold, bought) for sold in (following.amount_in, following.amount_sent))


def _components(block: BlockActivity, swaps: list[Swap]) -> list[tuple[Swap, ...]]:
    """Swaps whose tokens reach each other both ways, set by set; undone swaps make no netted path."""
    standing = [s for s in swaps if not s.reverted]
    edges: dict[Address, set[Address]] = {}
    for s in standing:
        edges.setdefault(block.same(s.token_in), set()).add(block.same(s.token_out))
    reach = {token: _reachable(edges, token) for token in edges}
    parts: dict[frozenset[Address], list[Swap]] = {}
    for s in standing:
        a, b = block.same(s.token_in), block.same(s.token_out)
        if a in reach.get(b, ()):
            group = frozenset(t for t in reach[a] if a in reach.get(t, ()))
            parts.setdefault(group, []).append(s)
    return [tuple(part) for part in parts.values() if len({s.pool for s in part}) > 1]


def _reachable(edges: dict[Address, set[Address]], start: Address) -> set[Address]:
    seen: set[Address] = set()
    stack = [start]
    while stack:
        for token in edges.get(stack.pop(), ()):
            if token not in seen:
                seen.add(token)
                stack.append(token)
    return seen


def worth(block: BlockActivity, net: dict[Address, int], circle: Sequence[Swap]) -> int | None:
    """``net`` in wei at the circle's own average prices, each step rounded down; ``None`` where none leads there."""
    total = net.get(block.native, 0)
    for token, amount in net.items():
        if token != block.native:
            value = _in_native(block, token, amount, circle)
            if value is None:
                return None
            total += value
    return total


def _in_native(block: BlockActivity, token: Address, amount: int, circle: Sequence[Swap]) -> int | None:
    left = list(circle)
    while token != block.native:
        seller = next((s for s in left if block.same(s.token_in) == token), None)
        if seller is None:
            return None
        left.remove(seller)
        amount = amount * seller.amount_out // seller.amount_in
        token = block.same(seller.token_out)
    return amount
