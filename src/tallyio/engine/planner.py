"""See, decide, prove: from the state after a block to the signed trades for the next one.

Greedy by net value: the best opportunity on the view, its effect, the best that is left, until nothing above the
minimum remains. Where a cycle is what comes next, all cycles are planned together if that brings more. Each trade is
proved on the local EVM after the trades before it, with the very bytes that are signed.
"""

from collections.abc import Sequence

from tallyio.core.chain import ChainEvent, NewBlock, PendingTransaction
from tallyio.core.ids import content_id
from tallyio.core.trade import Opportunity
from tallyio.engine.slot import Slot, TransactionFees
from tallyio.engine.suspects import without
from tallyio.engine.trade_maker import TradeMaker
from tallyio.journal.records import JointPlan
from tallyio.market.view import MarketView
from tallyio.strategies.base import Strategy
from tallyio.strategies.greedy import net_of
from tallyio.strategies.together import Together

MOST_TRADES = 40
"""Trades in one slot; what is left is found again in the next block."""


class Planner:
    """Looks with the ``strategies``, has the ``maker`` make trades of what is found, best first."""

    def __init__(
        self,
        *,
        strategies: Sequence[Strategy],
        maker: TradeMaker,
        priority_fee_wei: int,
        together: Together | None = None,
        joint_ms: int = 0,
    ) -> None:
        self.strategies = tuple(strategies)
        self.maker = maker
        self.watch = maker.watch
        self.priority_fee_wei = priority_fee_wei
        self.together = together
        self.joint_ns = joint_ms * 1_000_000

    async def open(self, head: NewBlock, view: MarketView) -> Slot:
        """An empty plan for the block after ``head``, on the state that ``head`` left."""
        fees = TransactionFees(view.next_base_fee_wei, self.priority_fee_wei)
        plan_id = content_id("slot", self.maker.signer.address, head.block.hash)
        await self.maker.ground.open(head, view)
        return Slot(head, view, self.maker.nonces.peek(f"{plan_id}/0"), fees, plan_id)

    def warm(self, head: NewBlock, view: MarketView) -> None:
        """Look once for nothing: kernels are compiled or loaded before the first block that counts."""
        for strategy in self.strategies:
            strategy.evaluate(head, view)

    async def add(self, slot: Slot) -> bool:
        """Put the best trade on the slot's view into the plan; False when nothing above the minimum is left."""
        return len(slot.trades) < MOST_TRADES and await self._next_trade(slot, slot.parent)

    async def extend(self, slot: Slot, pending: PendingTransaction) -> bool:
        """Put the best backrun of ``pending`` behind what the slot holds; whether there was one."""
        if pending.hash in slot.seen or len(slot.trades) >= MOST_TRADES:
            return False
        slot.seen.add(pending.hash)
        if await self.maker.ground.nonce(pending.sender) != pending.nonce:
            return False  # it has landed already, or waits for one that is not in the plan
        slot.candidates = []
        found = await self._next_trade(slot, pending)
        slot.candidates = []
        return found

    async def add_alternatives(self, slot: Slot, most: int) -> None:
        """Sign up to ``most`` trades again that need none before them, each alone with the plan's first nonce.

        They land only where the plan as a whole cannot, for example because a rival took one of its trades.
        """
        touched: set[str] = set()
        for trade in slot.trades:
            opportunity = trade.opportunity
            used = _touched(opportunity)
            free = opportunity.victim is None and not touched & used
            if free and trade.nonce != slot.first_nonce and len(slot.alternatives) < most:
                again = await self.maker.alone(slot, trade)
                if again:
                    slot.alternatives.append(again)
            touched |= used

    def abandon(self, slot: Slot) -> None:
        """The block that the slot was planned on left the chain: its nonces are free again."""
        for index in range(len(slot.trades)):
            self.maker.nonces.release(f"{slot.plan_id}/{index}", "reorged")

    async def _next_trade(self, slot: Slot, event: ChainEvent) -> bool:
        """Take the best candidate. Those of one look at the view that touch nothing a taken one changed stay exact, so
        a new look is needed only when they are used up."""
        if event is slot.parent and await self._next_together(slot):
            return True
        while True:
            fresh = not slot.candidates
            if fresh:
                slot.candidates, slot.changed = self._look(slot, event), set()
            while slot.candidates:
                opportunity = slot.candidates.pop(0)
                touched = _touched(opportunity)
                if touched & slot.changed or _key(opportunity) in slot.refused:
                    continue
                if event is slot.parent and self._plan_together(slot, opportunity):
                    return await self._next_trade(slot, event)
                if await self.maker.make(slot, opportunity):
                    slot.changed |= touched
                    return True
                slot.refused.add(_key(opportunity))
            if fresh and not self._look_past(slot):
                return False

    def _plan_together(self, slot: Slot, best: Opportunity) -> bool:
        """Whether the cycles that are left are to be traded as one plan, ``best`` being one; asked once a slot."""
        if self.together is None or not self.joint_ns or slot.together is not None:
            return False
        if best.strategy != self.together.name:
            return False
        until_ns = self.watch.clock.monotonic_ns() + self.joint_ns
        with self.watch.stage("detect"):
            plan = self.together.plan(slot.view, lambda: self.watch.clock.monotonic_ns() > until_ns)
        slot.together = list(plan.opportunities) if plan else []
        if plan:
            ids = tuple(opportunity.id for opportunity in plan.opportunities)
            self.maker.journal.append(
                JointPlan(slot.target, ids, plan.gross_wei, plan.single_wei, plan.net_wei, plan.greedy_wei)
            )
        return plan is not None

    async def _next_together(self, slot: Slot) -> bool:
        """The next trade of the plan; what follows one that is refused was sized behind it, and is let go."""
        if not slot.together:
            return False
        opportunity = slot.together.pop(0)
        slot.candidates = []
        if await self.maker.make(slot, opportunity):
            return True
        slot.refused.add(_key(opportunity))
        slot.together = []
        return False

    def _look_past(self, slot: Slot) -> bool:
        """Leave out what failed in simulation, so that good trades are found beside it; whether there was any."""
        view = without(slot.view, slot.worked, slot.failed)
        slot.view = view or slot.view
        return view is not None

    def _look(self, slot: Slot, event: ChainEvent) -> list[Opportunity]:
        with self.watch.stage("detect"):
            found = [o for strategy in self.strategies for o in strategy.evaluate(event, slot.view)]
            return sorted(found, key=net_of(slot.view), reverse=True)


def _touched(opportunity: Opportunity) -> set[str]:
    return {*opportunity.pools, *([opportunity.borrower] if opportunity.borrower else [])}


def _key(opportunity: Opportunity) -> tuple[str, ...]:
    """What stays the same when the amounts of a refused trade change a little."""
    victim = opportunity.victim.hash if opportunity.victim else ""
    return (opportunity.strategy, victim, opportunity.borrower or "", *opportunity.pools)
