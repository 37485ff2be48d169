"""From something seen to something landed: opportunity, decision, proof, bundle, outcome."""

import msgspec

from tallyio.core.chain import BlockRef, PendingTransaction
from tallyio.core.units import Address, Hash32


class SwapStep(msgspec.Struct, frozen=True, tag="swap"):
    """One swap with exact amounts. ``exact_out`` fixes the output on a v3 pool; v2 pools fix both by nature."""

    pool: Address
    family: str
    token_in: Address
    token_out: Address
    amount_in: int
    amount_out: int
    fee_pips: int
    exact_out: bool = False
    detail: tuple[int, ...] = ()
    """What the executor's encoding needs beyond the rest, by family; see ``tallyio.execution.kinds``."""

    @property
    def zero_for_one(self) -> bool:
        return int(self.token_in, 16) < int(self.token_out, 16)


class LiquidateStep(msgspec.Struct, frozen=True, tag="liquidate"):
    """Aave ``liquidationCall``: up to ``debt_to_cover`` of ``debt`` is paid, ``collateral_received`` arrives.

    Where both are one asset, ``collateral_received`` is what is left of it after the debt was paid.
    """

    market: Address
    collateral: Address
    debt: Address
    borrower: Address
    debt_to_cover: int
    collateral_received: int


LOAN_SOURCES = (
    "aave_v3", "balancer_v2", "balancer_v3", "uniswap_v2", "uniswap_v3", "uniswap_v4", "morpho", "dydx_solo",
)  # fmt: skip
"""Who lends within a transaction; the executor contract knows them by their place here."""


class FlashLoan(msgspec.Struct, frozen=True, tag="aave_flash_loan"):
    """``amount`` of ``token`` from ``market``, a lender of ``source``, for ``premium``; repaid after the inner steps.

    ``argument``: 1 when a v2 or v3 pool lends its token1; the number of the market at dYdX Solo; else 0.
    """

    market: Address
    token: Address
    amount: int
    premium: int
    source: str = LOAN_SOURCES[0]
    argument: int = 0


Step = SwapStep | LiquidateStep


class Route(msgspec.Struct, frozen=True):
    """What the executor contract runs, in order.

    ``funding`` opens the trade: a ``SwapStep`` is a flash swap (its output arrives first, its input is owed until
    the inner steps are done), a ``FlashLoan`` borrows. ``inner`` runs while the debt is open, ``outer`` after it is
    settled (for example the swap of a profit into WETH). ``loans`` are further ones, each nested in the one before
    and the first in ``funding``; ``inner`` runs while all are open.
    """

    funding: SwapStep | FlashLoan
    inner: tuple[Step, ...]
    outer: tuple[Step, ...] = ()
    loans: tuple[FlashLoan, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order in which their effects reach the pools."""
        first = (self.funding,) if isinstance(self.funding, SwapStep) else ()
        return (*first, *self.inner, *self.outer)


class Opportunity(msgspec.Struct, frozen=True):
    """A trade found on the state of ``state_block``, for inclusion in ``target_block``.

    ``gross_wei`` is what the route adds to the executor's WETH, before gas and bid. ``victim`` is the pending
    transaction that a backrun follows. ``pools`` and ``borrower`` say what it touches.
    """

    id: str
    strategy: str
    state_block: BlockRef
    target_block: int
    route: Route
    gross_wei: int
    gas_estimate: int
    pools: tuple[Address, ...]
    borrower: Address | None = None
    victim: PendingTransaction | None = None


class Decision(msgspec.Struct, frozen=True):
    """``reason`` is empty when approved, else one of the closed list in ``tallyio.risk.gate``."""

    opportunity_id: str
    approved: bool
    reason: str
    bid_wei: int
    min_profit_wei: int
    detail: str = ""


class Proof(msgspec.Struct, frozen=True):
    """What the local EVM made of the exact call: compared with the prediction before anything is signed."""

    opportunity_id: str
    success: bool
    gas_used: int
    gross_wei: int
    predicted_gross_wei: int
    revert_reason: str
    block: BlockRef


class Bundle(msgspec.Struct, frozen=True):
    """Signed transactions that land whole and in order in ``target_block``, or not at all.

    ``own`` names the hashes among them that we signed, in the order of ``opportunity_ids``.
    """

    id: str
    target_block: int
    transactions: tuple[bytes, ...]
    own: tuple[Hash32, ...]
    opportunity_ids: tuple[str, ...]
    predicted_net_wei: tuple[int, ...]
    nonces: tuple[int, ...]
    replacement_uuid: str = ""


class Submission(msgspec.Struct, frozen=True):
    """One relay's answer. ``status``: accepted, rejected, or unknown (no answer: it may or may not have arrived)."""

    bundle_id: str
    relay: str
    status: str
    detail: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one transaction of ours: landed, dropped, reverted, reorged."""

    bundle_id: str
    opportunity_id: str
    tx_hash: Hash32
    status: str
    block: BlockRef | None
    gas_used: int
    gas_cost_wei: int
    gross_wei: int
    bid_wei: int
    predicted_net_wei: int

    @property
    def net_wei(self) -> int:
        return self.gross_wei - self.bid_wei - self.gas_cost_wei
