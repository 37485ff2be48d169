"""What was found beside another tool's labels: what agrees, and every difference with its reason.

The project's own reading stands: a label that is wrong is named as such and changes nothing.
"""

from typing import Literal

import msgspec

from tallyio.core.units import Hash32
from tallyio.inspection.activity import Place, Swap
from tallyio.inspection.arbitrage import Arbitrage
from tallyio.inspection.inspection import Inspection
from tallyio.inspection.label_files import ArbitrageLabel, Labels, LiquidationLabel, SandwichLabel, SwapLabel
from tallyio.inspection.liquidation import Liquidated
from tallyio.inspection.sandwich import Sandwich

Kind = Literal["swap", "arbitrage", "liquidation", "sandwich"]
Reason = Literal[
    "the label has what was sent; the token took a fee of it",
    "the label counts a transfer of another swap",
    "protocol unknown",
    "reverted; the label leaves it out",
    "the label misses this swap",
    "the label misses a swap of the path",
    "the label misses the path",
    "the label misses this sandwich",
    "the label names another profit of the same path",
    "the label names a pool, or one of several contracts, as the actor",
    "the label counts other victims",
    "the label has another amount received",
    "unexplained",
]


class Difference(msgspec.Struct, frozen=True):
    """``side``: ``missing`` is only labelled, ``extra`` only found, ``differs`` is both with other amounts."""

    kind: Kind
    side: Literal["missing", "extra", "differs"]
    transaction: Hash32
    place: Place | None
    reason: Reason
    labelled: str = ""
    found: str = ""


class Comparison(msgspec.Struct, frozen=True):
    """``labelled`` and ``matched`` by kind; matched are those that agree in every amount."""

    labelled: dict[str, int]
    matched: dict[str, int]
    differences: list[Difference]


def compare(found: Inspection, labels: Labels) -> Comparison:
    """Each kind that ``labels`` has, compared."""
    differences: list[Difference] = []
    counts: dict[str, tuple[int, int]] = {}
    if labels.swaps is not None:
        counts["swap"] = (len(labels.swaps), _swaps(found, labels.swaps, differences))
    if labels.arbitrages is not None:
        counts["arbitrage"] = (len(labels.arbitrages), _arbitrages(found, labels, labels.arbitrages, differences))
    if labels.liquidations is not None:
        counts["liquidation"] = (len(labels.liquidations), _liquidations(found, labels.liquidations, differences))
    if labels.sandwiches is not None:
        counts["sandwich"] = (len(labels.sandwiches), _sandwiches(found, labels.sandwiches, differences))
    return Comparison({k: n for k, (n, _) in counts.items()}, {k: n for k, (_, n) in counts.items()}, differences)


def _swaps(found: Inspection, labels: list[SwapLabel], differences: list[Difference]) -> int:
    left = [(tx.hash, s) for tx in found.block.transactions for s in tx.swaps]
    read = {(tx.hash, u.place) for tx in found.block.transactions for u in tx.unread}
    matched = 0
    for label in labels:
        fitting = [(h, s) for h, s in left if h == label.transaction and _same_swap(s, label)]
        if not fitting:
            known = label.place is not None and (label.transaction, label.place) in read
            reason: Reason = "unexplained" if known else "protocol unknown"
            shown = f"{label.protocol} {label.pool}: {label.amount_in} > {label.amount_out}"
            differences.append(Difference("swap", "missing", label.transaction, label.place, reason, shown))
            continue
        best = min(fitting, key=lambda f: _distance(f[1], label))
        left.remove(best)
        s = best[1]
        if (s.amount_in, s.amount_out) == (label.amount_in, label.amount_out):
            matched += 1
        else:
            differences.append(_amounts(s, label, left))
    missed: Reason
    for transaction, s in left:
        missed = "reverted; the label leaves it out" if s.reverted else "the label misses this swap"
        shown = f"{s.protocol} {s.pool}: {s.amount_in} > {s.amount_out}"
        differences.append(Difference("swap", "extra", transaction, s.place, missed, "", shown))
    return matched


def _same_swap(s: Swap, label: SwapLabel) -> bool:
    tokens = (label.token_in, label.token_out) in ((s.token_in, s.token_out), (None, None))
    return s.pool == label.pool and tokens and label.place in (None, s.place)


def _distance(s: Swap, label: SwapLabel) -> int:
    return abs(s.amount_in - label.amount_in) + abs(s.amount_out - label.amount_out)


def _amounts(s: Swap, label: SwapLabel, others: list[tuple[Hash32, Swap]]) -> Difference:
    reason: Reason = "unexplained"
    if s.amount_out == label.amount_out and s.amount_sent == label.amount_in:
        reason = "the label has what was sent; the token took a fee of it"
    elif any(h == label.transaction and o.pool == s.pool and o.amount_sent == label.amount_in for h, o in others):
        reason = "the label counts a transfer of another swap"
    labelled, found = f"{label.amount_in} > {label.amount_out}", f"{s.amount_in} > {s.amount_out}"
    return Difference("swap", "differs", label.transaction, s.place, reason, labelled, found)


def _arbitrages(found: Inspection, labels: Labels, wanted: list[ArbitrageLabel], differences: list[Difference]) -> int:
    left = list(found.arbitrages)
    matched = 0
    for label in wanted:
        same = [a for a in left if a.transaction == label.transaction]
        exact = [a for a in same if a.profit.get(label.profit_token, 0) == label.profit_amount]
        fitting = exact or [a for a in same if {s.pool for s in a.path} >= set(label.pools)]
        if not fitting:
            shown = f"{label.profit_amount} of {label.profit_token}"
            differences.append(Difference("arbitrage", "missing", label.transaction, None, "unexplained", shown))
            continue
        left.remove(fitting[0])
        matched += bool(exact)
        if not exact:
            reason: Reason = "the label names another profit of the same path"
            shown, ours = f"{label.profit_amount} of {label.profit_token}", str(fitting[0].profit)
            differences.append(Difference("arbitrage", "differs", label.transaction, None, reason, shown, ours))
    for a in left:
        differences.append(_unlabelled(a, labels))
    return matched


def _unlabelled(a: Arbitrage, labels: Labels) -> Difference:
    seen = {(s.transaction, s.place) for s in labels.swaps or ()}
    reason: Reason = "the label misses the path"
    if a.reverted:
        reason = "reverted; the label leaves it out"
    elif labels.swaps is not None and any((a.transaction, s.place) not in seen for s in a.path):
        reason = "the label misses a swap of the path"
    shown = f"{a.profit_amount} of {a.profit_token}"
    return Difference("arbitrage", "extra", a.transaction, None, reason, "", shown)


def _liquidations(found: Inspection, labels: list[LiquidationLabel], differences: list[Difference]) -> int:
    left: list[Liquidated] = list(found.liquidations)
    matched = 0
    for label in labels:
        same = [x for x in left if x.transaction == label.transaction and x.liquidation.borrower == label.borrower]
        if not same:
            shown = f"{label.protocol}: {label.debt_amount} of {label.debt_token}"
            differences.append(Difference("liquidation", "missing", label.transaction, None, "protocol unknown", shown))
            continue
        left.remove(same[0])
        ours = same[0].liquidation
        if (ours.debt_amount, ours.received_amount) == (label.debt_amount, label.received_amount):
            matched += 1
            continue
        debt_agrees = ours.debt_amount == label.debt_amount
        reason: Reason = "the label has another amount received" if debt_agrees else "unexplained"
        shown = f"{label.debt_amount} for {label.received_amount}"
        mine = f"{ours.debt_amount} for {ours.received_amount}"
        differences.append(Difference("liquidation", "differs", label.transaction, ours.place, reason, shown, mine))
    missed: Reason
    for x in left:
        missed = "reverted; the label leaves it out" if x.reverted else "the label misses the path"
        mine = f"{x.liquidation.debt_amount} for {x.liquidation.received_amount}"
        differences.append(Difference("liquidation", "extra", x.transaction, x.liquidation.place, missed, "", mine))
    return matched


def _sandwiches(found: Inspection, labels: list[SandwichLabel], differences: list[Difference]) -> int:
    left: list[Sandwich] = list(found.sandwiches)
    matched = 0
    for label in labels:
        key = (label.front, label.back, label.pool)
        same = [s for s in left if (s.front_transaction, s.back_transaction, s.pool) == key]
        if not same:
            shown = f"{label.pool}: {label.profit_amount} of {label.profit_token}"
            differences.append(Difference("sandwich", "missing", label.front, None, "unexplained", shown))
            continue
        ours = same[0]
        left.remove(ours)
        victims = {v.transaction for v in ours.victims}
        agrees = ours.profit.get(label.profit_token, 0) == label.profit_amount and victims == label.victims
        matched += agrees
        if not agrees:
            reason: Reason = "the label counts other victims" if victims != label.victims else "unexplained"
            differences.append(Difference("sandwich", "differs", label.front, None, reason))
        elif ours.actor != label.actor:
            named: Reason = "the label names a pool, or one of several contracts, as the actor"
            differences.append(Difference("sandwich", "differs", label.front, None, named, label.actor, ours.actor))
    for s in left:
        missed: Reason = "the label misses this sandwich"
        differences.append(Difference("sandwich", "extra", s.front_transaction, None, missed, "", str(s.profit)))
    return matched
