"""From an opportunity to a signed trade: decide, prove the very bytes, decide on the proof, sign."""

from collections.abc import Callable

import structlog
from msgspec.structs import replace

from tallyio.core.chain import PendingTransaction
from tallyio.core.errors import BugError, ChainDataError
from tallyio.core.trade import Decision, Opportunity, Proof
from tallyio.core.units import BPS, ETHER, Address
from tallyio.engine.observer import Watch
from tallyio.engine.prover import ProvingGround
from tallyio.engine.slot import Slot, Trade
from tallyio.execution.plan import execute_calldata
from tallyio.journal.log import Journal
from tallyio.journal.records import BreakerState
from tallyio.market.view import MarketView
from tallyio.risk.gate import decide
from tallyio.risk.limits import Exposure, Limits, Prices
from tallyio.risk.margin import Margin
from tallyio.risk.reasons import Reason
from tallyio.wallet.nonces import NonceBook
from tallyio.wallet.signer import Signer
from tallyio.wallet.transaction import UnsignedTransaction

log = structlog.get_logger()

GAS_LIMIT_BPS = 20_000
"""Gas limit of a trade as a share of its estimate."""
OUT_OF_GAS_BPS = 9_000
"""A trade that failed after using this share of its limit may have run out of gas (EIP-150 keeps a part back)."""
_SIMULATED = (Reason.SIMULATION_FAILED, Reason.SIMULATION_BELOW_PREDICTION)

VictimEffect = Callable[[PendingTransaction, MarketView], MarketView | None]
"""The view after a pending transaction, or None where its effect cannot be told."""


class TradeMaker:
    """``signer`` and ``nonces`` belong to one owner account. What ``breaker``, ``margin`` and ``halted`` say is told
    by whoever keeps the books."""

    def __init__(
        self,
        *,
        victim_effect: VictimEffect,
        limits: Limits,
        ground: ProvingGround,
        signer: Signer,
        nonces: NonceBook,
        executor: Address,
        chain_id: int,
        journal: Journal,
        watch: Watch,
    ) -> None:
        self.victim_effect = victim_effect
        self.limits = limits
        self.ground = ground
        self.signer = signer
        self.nonces = nonces
        self.executor = executor
        self.chain_id = chain_id
        self.journal = journal
        self.watch = watch
        self.breaker = BreakerState()
        self.margin = Margin()
        self.halted = False

    async def make(self, slot: Slot, opportunity: Opportunity) -> Trade | None:
        """The trade, which is now the slot's last; None leaves the slot as it was."""
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

    async def alone(self, slot: Slot, trade: Trade) -> Trade | None:
        """The same with the plan's first nonce, to land where the plan as a whole cannot; None where it earns nothing
        by itself."""
        opportunity = trade.opportunity
        unsigned = self._unsigned(slot, opportunity, trade.decision, trade.gas_limit, slot.first_nonce)
        with self.watch.stage("prove"):
            proof = await self.ground.prove(opportunity, unsigned, alone=True)
        if not self._decide(slot, opportunity, proof).approved:
            return None
        signed = self.signer.sign(unsigned)
        return replace(trade, proof=proof, nonce=slot.first_nonce, raw=signed.raw, hash=signed.hash)

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


def _wei_per_token(view: MarketView) -> dict[Address, tuple[int, int]]:
    """Wei of ether for one smallest unit of each token that a lending market's oracle prices, as a fraction."""
    prices: dict[Address, tuple[int, int]] = {}
    for state in view.lending.values():
        ether = state.prices_e8.get(view.weth)
        if ether:
            for asset, reserve in state.reserves.items():
                prices[asset] = (state.prices_e8.get(asset, 0) * ETHER, ether * 10**reserve.decimals)
    return prices
