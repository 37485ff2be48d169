"""See, decide, prove: from the state after a block to the signed trades for the next one.

Greedy by net value: the best opportunity on the view, its effect, the best that is left, until nothing above the
minimum remains. Where a cycle is what comes next, all cycles are planned together if that brings more. Each trade is
proved on the local EVM after the trades before it, with the very bytes that are signed.
"""

from collections.abc import Callable, Sequence

import structlog
from msgspec.structs import replace

from tallyio.core.chain import ChainEvent, NewBlock, PendingTransaction
from tallyio.core.errors import BugError, ChainDataError
from tallyio.core.ids import content_id
from tallyio.core.trade import Decision, Opportunity, Proof
from tallyio.core.units import BPS, ETHER, Address
from tallyio.engine.observer import Watch
from tallyio.engine.prover import ProvingGround
from tallyio.engine.slot import Slot, Trade, TransactionFees
from tallyio.engine.suspects import without
from tallyio.execution.plan import execute_calldata
from tallyio.journal.log import Journal
from tallyio.journal.records import BreakerState, JointPlan
from tallyio.market.view import MarketView
from tallyio.risk.gate import decide
from tallyio.risk.limits import Exposure, Limits, Prices
from tallyio.risk.margin import Margin
from tallyio.risk.reasons import Reason
from tallyio.strategies.base import Strategy
from tallyio.strategies.greedy import net_of
from tallyio.strategies.together import Together
from tallyio.wallet.nonces import NonceBook
from tallyio.wallet.signer import Signer
from tallyio.wallet.transaction import UnsignedTransaction

log = structlog.get_logger()

MOST_TRADES = 40
"""Trades in one slot; what is left is found again in the next block."""
GAS_LIMIT_BPS = 20_000
"""Gas limit of a trade as a share of its estimate."""

OUT_OF_GAS_BPS = 9_000
"""A trade that failed after using this share of its limit may have run out of gas (EIP-150 keeps a part back)."""

_SIMULATED = (Reason.SIMULATION_FAILED, Reason.SIMULATION_BELOW_PREDICTION)

VictimEffect = Callable[[PendingTransaction, MarketView], MarketView | None]
"""The view after a pending transaction, or None where its effect cannot be told."""


class Planner:
    """``limits`` and ``strategies`` say what is wanted; ``signer`` and ``nonces`` belong to one owner account."""

    def __init__(
        self,
        *,
        strategies: Sequence[Strategy],
        victim_effect: VictimEffect,
        limits: Limits,
        ground: ProvingGround,
        signer: Signer,
        nonces: NonceBook,
        executor: Address,
        chain_id: int,
        priority_fee_wei: int,
        journal: Journal,
        watch: Watch,
        together: Together | None = None,
        joint_ms: int = 0,
    ) -> None:
        self.strategies = tuple(strategies)
        self.victim_effect = victim_effect
        self.limits = limits
        self.ground = ground
        self.signer = signer
        self.nonces = nonces
        self.executor = executor
        self.chain_id = chain_id
        self.priority_fee_wei = priority_fee_wei
        self.journal = journal
        self.watch = watch
        self.together = together
        self.joint_ns = joint_ms * 1_000_000
        self.breaker = BreakerState()
        self.margin = Margin()
        self.halted = False

    async def open(self, head: NewBlock, view: MarketView) -> Slot:
        """An empty plan for the block after ``head``, on the state that ``head`` left."""
        fees = TransactionFees(view.next_base_fee_wei, self.priority_fee_wei)
        plan_id = content_id("slot", self.signer.address, head.block.hash)
        await self.ground.open(head, view)
        return Slot(head, view, self.nonces.peek(f"{plan_id}/0"), fees, plan_id)

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
        if await self.ground.nonce(pending.sender) != pending.nonce:
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
                unsigned = self._unsigned(slot, opportunity, trade.decision, trade.gas_limit, slot.first_nonce)
                with self.watch.stage("prove"):
                    proof = await self.ground.prove(opportunity, unsigned, alone=True)
                if self._decide(slot, opportunity, proof).approved:
                    signed = self.signer.sign(unsigned)
                    again = replace(trade, proof=proof, nonce=slot.first_nonce, raw=signed.raw, hash=signed.hash)
                    slot.alternatives.append(again)
            touched |= used

    def abandon(self, slot: Slot) -> None:
        """The block that the slot was planned on left the chain: its nonces are free again."""
        for index in range(len(slot.trades)):
            self.nonces.release(f"{slot.plan_id}/{index}", "reorged")

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
                if await self._attempt(slot, opportunity):
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
            self.journal.append(
                JointPlan(slot.target, ids, plan.gross_wei, plan.single_wei, plan.net_wei, plan.greedy_wei)
            )
        return plan is not None

    async def _next_together(self, slot: Slot) -> bool:
        """The next trade of the plan; what follows one that is refused was sized behind it, and is let go."""
        if not slot.together:
            return False
        opportunity = slot.together.pop(0)
        slot.candidates = []
        if await self._attempt(slot, opportunity):
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

    async def _attempt(self, slot: Slot, opportunity: Opportunity) -> Trade | None:
        """Decide, prove the very bytes, decide on the proof, sign. None leaves the slot as it was."""
        self.journal.append(opportunity)
        self.watch.tell("opportunity", opportunity)
        decision = self._decide(slot, opportunity, None)
        if not decision.approved:
            self._refuse(opportunity, decision)
            return None
        try:
            after = self._view_after(slot.view, opportunity)
        except ChainDataError as e:
            log.warning("a strategy and the market differ on a route", opportunity=opportunity.id, error=e.message)
            return None
        gas_limit = min(opportunity.gas_estimate * GAS_LIMIT_BPS // BPS, self.limits.max_gas_per_trade)
        if slot.gas + gas_limit > slot.parent.gas_limit:
            return None  # the block is full; what is left is found again in the next one
        proof = await self._prove(slot, opportunity, decision, gas_limit)
        if not proof.success and proof.gas_used * BPS > gas_limit * OUT_OF_GAS_BPS:
            # A large trade crosses more ticks than an estimate knows of: once more with all the gas a trade may use.
            gas_limit = self.limits.max_gas_per_trade
            proof = await self._prove(slot, opportunity, decision, gas_limit)
        final = self._decide(slot, opportunity, proof)
        if not final.approved:
            self._refuse(opportunity, final, proof)
            if final.reason in _SIMULATED and proof.gas_used and not (opportunity.victim or opportunity.borrower):
                told = proof.revert_reason or final.detail
                slot.failed.append((opportunity, f"its trade failed in simulation: {told}"))
            return None
        slot.worked.append(opportunity)
        trade = self._sign(slot, opportunity, decision, proof, gas_limit)
        await self.ground.keep()
        slot.trades.append(trade)
        slot.view = after
        return trade

    def _decide(self, slot: Slot, opportunity: Opportunity, proof: Proof | None) -> Decision:
        with self.watch.stage("decide"):
            exposure = Exposure(
                head_block=slot.parent.block.number,
                committed_gas_cost_wei=slot.gas * slot.fees.max_fee_wei,
                untradable=frozenset(slot.view.untradable),
                halted=self.halted,
                margin=self.margin,
            )
            prices = Prices(slot.fees.max_fee_wei, slot.view.weth, _wei_per_token(slot.view))
            return decide(opportunity, proof, exposure, self.limits, self.breaker, prices)

    async def _prove(self, slot: Slot, opportunity: Opportunity, decision: Decision, gas_limit: int) -> Proof:
        with self.watch.stage("prove"):
            unsigned = self._unsigned(slot, opportunity, decision, gas_limit, slot.next_nonce)
            return await self.ground.prove(opportunity, unsigned)

    def _unsigned(
        self, slot: Slot, opportunity: Opportunity, decision: Decision, gas_limit: int, nonce: int
    ) -> UnsignedTransaction:
        return UnsignedTransaction(
            chain_id=self.chain_id,
            nonce=nonce,
            priority_fee_wei=slot.fees.priority_fee_wei,
            max_fee_wei=slot.fees.max_fee_wei,
            gas_limit=gas_limit,
            to=self.executor,
            value_wei=0,
            data=execute_calldata(opportunity.route, decision.min_profit_wei, decision.bid_wei, weth=slot.view.weth),
        )

    def _sign(self, slot: Slot, opportunity: Opportunity, decision: Decision, proof: Proof, gas_limit: int) -> Trade:
        with self.watch.stage("sign"), self.journal.transaction():
            self.journal.append(decision)
            self.journal.append(proof)
            [nonce] = self.nonces.reserve(f"{slot.plan_id}/{len(slot.trades)}", 1, target_block=slot.target)
            if nonce != slot.next_nonce:
                raise BugError(f"nonce {nonce} was reserved for a trade that was proved with {slot.next_nonce}")
            unsigned = self._unsigned(slot, opportunity, decision, gas_limit, nonce)
            signed = self.signer.sign(unsigned)
        self.watch.tell("decision", opportunity, decision)
        self.watch.tell("proof", proof)
        return Trade(opportunity, decision, proof, gas_limit, nonce, signed.raw, signed.hash)

    def _refuse(self, opportunity: Opportunity, decision: Decision, proof: Proof | None = None) -> None:
        with self.journal.transaction():
            if proof:
                self.journal.append(proof)
            self.journal.append(decision)
        self.watch.tell("decision", opportunity, decision)

    def _view_after(self, view: MarketView, opportunity: Opportunity) -> MarketView:
        if opportunity.victim is None:
            return view.after(opportunity.route)
        moved = self.victim_effect(opportunity.victim, view)
        if moved is None:
            raise ChainDataError(f"the effect of {opportunity.victim.hash} cannot be told any more")
        return moved.after(opportunity.route)


def _touched(opportunity: Opportunity) -> set[str]:
    return {*opportunity.pools, *([opportunity.borrower] if opportunity.borrower else [])}


def _key(opportunity: Opportunity) -> tuple[str, ...]:
    """What stays the same when the amounts of a refused trade change a little."""
    victim = opportunity.victim.hash if opportunity.victim else ""
    return (opportunity.strategy, victim, opportunity.borrower or "", *opportunity.pools)


def _wei_per_token(view: MarketView) -> dict[Address, tuple[int, int]]:
    """Wei of ether for one smallest unit of each token that a lending market's oracle prices, as a fraction."""
    prices: dict[Address, tuple[int, int]] = {}
    for state in view.lending.values():
        ether = state.prices_e8.get(view.weth)
        if ether:
            for asset, reserve in state.reserves.items():
                prices[asset] = (state.prices_e8.get(asset, 0) * ETHER, ether * 10**reserve.decimals)
    return prices
