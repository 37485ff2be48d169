"""The order of a block: bundles by what they bring the proposer, then single transactions by effective tip.

Bundles are placed greedily. Each is first valued alone on the parent's state; the best is valued again on the state
after those already placed, and placed when it is still the best (a lazy priority queue). Bundles whose nonce lies
ahead wait for the placement that fills the gap.
"""

import heapq
from collections.abc import Iterable, Sequence

from tallyio.chains.signed import SignedTransaction
from tallyio.core.units import Address, Hash32
from tallyio.devnet.builder.node import Node
from tallyio.devnet.builder.records import Effect, Placed, Plan, Slot, StoredBundle
from tallyio.devnet.builder.simulate import NotExecutableError, simulate
from tallyio.devnet.builder.tail import Priority, TailOrder

NONCE_AHEAD = "nonce_ahead"


class Draft:
    """A block in the making: what is placed, and what that did to nonces and gas."""

    def __init__(self, slot: Slot, nonces: dict[Address, int]) -> None:
        self.slot = slot
        self.nonces = nonces
        self.transactions: list[SignedTransaction] = []
        self.placed: list[Placed] = []
        self.gas_used = 0

    def obstacle(self, bundle: StoredBundle) -> str:
        """Why ``bundle`` cannot come next, without running it; empty when it may."""
        slot, following = self.slot, dict(self.nonces)
        if slot.timestamp < bundle.min_timestamp or (bundle.max_timestamp and slot.timestamp > bundle.max_timestamp):
            return "timestamp"
        for tx in bundle.transactions:
            if tx.tip_wei(slot.base_fee_wei) < 0:
                return "fee_cap"
            if tx.nonce != following[tx.sender]:
                return NONCE_AHEAD if tx.nonce > following[tx.sender] else "nonce_used"
            following[tx.sender] += 1
        return ""

    def verdict(self, bundle: StoredBundle, effects: Sequence[Effect]) -> str:
        """Why ``bundle``, having run as the next one, is refused; empty when it may land."""
        used = self.gas_used
        for tx, effect in zip(bundle.transactions, effects, strict=True):
            if not effect.success and tx.hash not in bundle.reverting:
                return "reverted"
            if used + tx.gas_limit > self.slot.gas_limit:
                return "gas_limit"
            used += effect.gas_used
        return ""

    def place(self, bundle: StoredBundle, effects: tuple[Effect, ...]) -> None:
        self.placed.append(Placed(bundle, len(self.transactions), effects))
        self.append(bundle.transactions, effects)

    def append(self, transactions: Iterable[SignedTransaction], effects: Iterable[Effect]) -> None:
        for tx, effect in zip(transactions, effects, strict=True):
            self.transactions.append(tx)
            self.nonces[tx.sender] = tx.nonce + 1
            self.gas_used += effect.gas_used


async def plan_block(
    node: Node,
    slot: Slot,
    bundles: Sequence[StoredBundle],
    singles: Sequence[SignedTransaction],
    priority: Priority,
) -> Plan:
    """``singles`` may hold more than fits, nonce gaps and conflicts; lowest ``priority`` first within nonce order."""
    senders = {tx.sender for bundle in bundles for tx in bundle.transactions} | {tx.sender for tx in singles}
    draft = Draft(slot, await node.nonces(sorted(senders), hex(slot.parent.number)))
    failed = await _place_bundles(node, draft, bundles)
    placed_hashes: set[Hash32] = {tx.hash for tx in draft.transactions}
    tail = TailOrder(node, slot, draft.transactions, draft.gas_used, draft.nonces)
    rest = await tail.choose([tx for tx in singles if tx.hash not in placed_hashes], priority)
    return Plan(slot, (*draft.transactions, *rest), tuple(draft.placed), tuple(failed))


async def _place_bundles(node: Node, draft: Draft, bundles: Sequence[StoredBundle]) -> list[tuple[StoredBundle, str]]:
    failed: list[tuple[StoredBundle, str]] = []
    heap: list[tuple[int, int, int, StoredBundle, tuple[Effect, ...]]] = []
    waiting: list[StoredBundle] = list(bundles)

    async def value(bundle: StoredBundle) -> None:
        reason, effects = await _run(node, draft, bundle)
        if reason == NONCE_AHEAD:
            waiting.append(bundle)
        elif reason:
            failed.append((bundle, reason))
        else:
            worth = sum(effect.proposer_wei for effect in effects)
            heapq.heappush(heap, (-worth, bundle.arrival, len(draft.placed), bundle, effects))

    async def value_waiting() -> None:
        again, waiting[:] = list(waiting), []
        for bundle in again:
            await value(bundle)

    await value_waiting()
    while heap:
        _, _, version, bundle, effects = heapq.heappop(heap)
        if version != len(draft.placed):
            await value(bundle)
        else:
            draft.place(bundle, effects)
            await value_waiting()
    return failed + [(bundle, NONCE_AHEAD) for bundle in waiting]


async def _run(node: Node, draft: Draft, bundle: StoredBundle) -> tuple[str, tuple[Effect, ...]]:
    if reason := draft.obstacle(bundle):
        return reason, ()
    try:
        effects = await simulate(node, draft.slot, bundle.transactions, after=draft.transactions)
    except NotExecutableError:
        return "not_executable", ()
    return draft.verdict(bundle, effects), effects
