"""Act: a slot's trades as bundles to every relay.

The slot's bundle carries everything. Beside it go, excluded by their first nonce, the plan without its backruns (so
that a victim that left costs nothing) and each trade alone that needs no other one before it (so that a rival who takes
one trade does not take all).
"""

import asyncio
from collections.abc import Sequence

from tallyio.core.trade import Bundle, Submission
from tallyio.engine.observer import Watch
from tallyio.engine.slot import Slot, Trade
from tallyio.execution.bundle import OwnTransaction, make_bundle, replacement_uuid
from tallyio.execution.relays import Relay
from tallyio.journal.log import Journal

SHADOW = "shadow"


class Dispatcher:
    """``live`` False is shadow mode: bundles are made and journaled, nothing is sent."""

    def __init__(self, relays: Sequence[Relay], journal: Journal, watch: Watch, *, live: bool) -> None:
        self.relays = tuple(relays)
        self.journal = journal
        self.watch = watch
        self.live = live
        self._waiting: list[Bundle] = []

    def make(self, slot: Slot) -> list[Bundle]:
        """The slot's bundles that were not made before, journaled and ready to be sent."""
        known = {bundle.id for bundle in slot.bundles}
        fresh = [bundle for bundle in _bundles(slot) if bundle.id not in known]
        if fresh:
            self.journal.append_many(fresh, block=slot.target)
            slot.bundles += fresh
            self._waiting += fresh
        return fresh

    async def send(self, slot: Slot, started_ns: int) -> list[list[Submission]]:
        """Hand over what ``make`` made; every relay's answer for each bundle."""
        bundles, self._waiting = self._waiting, []
        if not bundles:
            return []
        with self.watch.stage("submit"):
            answers = await asyncio.gather(*(self._hand_over(bundle) for bundle in bundles))
        self.watch.elapsed("head_to_relay", started_ns)
        self.journal.append_many([answer for submissions in answers for answer in submissions], block=slot.target)
        for bundle, submissions in zip(bundles, answers, strict=True):
            for submission in submissions:
                self.watch.tell("submission", bundle, submission)
        return answers

    async def cancel(self, slot: Slot) -> None:
        """Withdraw everything of the slot that a relay may still hold."""
        if self.live:
            names = {bundle.replacement_uuid for bundle in slot.bundles if bundle.replacement_uuid}
            await asyncio.gather(
                *(relay.cancel(name) for relay in self.relays for name in names), return_exceptions=True
            )

    async def _hand_over(self, bundle: Bundle) -> list[Submission]:
        if not self.live:
            return [Submission(bundle.id, SHADOW, SHADOW, "not sent: the mode is shadow")]
        return list(await asyncio.gather(*(relay.send_bundle(bundle) for relay in self.relays)))


def _bundles(slot: Slot) -> list[Bundle]:
    firm = [trade for trade in slot.trades if trade.opportunity.victim is None]
    wanted: list[tuple[str, Sequence[Trade]]] = [("all", slot.trades)]
    if firm and len(firm) < len(slot.trades):
        wanted.append(("firm", firm))
    wanted += [(f"alone-{trade.opportunity.id}", [trade]) for trade in slot.alternatives]
    return [_bundle(slot, name, trades) for name, trades in wanted if trades]


def _bundle(slot: Slot, name: str, trades: Sequence[Trade]) -> Bundle:
    transactions: list[OwnTransaction | bytes] = []
    for trade in trades:
        if trade.opportunity.victim:
            transactions.append(trade.opportunity.victim.raw)
        transactions.append(OwnTransaction(trade.raw, trade.opportunity.id, trade.net_wei(slot.fees)))
    return make_bundle(slot.target, transactions, replacement_uuid=replacement_uuid(slot.plan_id, name))
