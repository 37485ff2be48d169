"""What every strategy is, and what all of them are told."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from tallyio.config.settings import NonNegative
from tallyio.core.chain import ChainEvent, PendingTransaction
from tallyio.core.ids import content_id
from tallyio.core.pools import V2, V3, Pool
from tallyio.core.trade import FlashLoan, LiquidateStep, Opportunity, Route, Step, SwapStep
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.protocols.dex.siblings import FAMILIES, family_of


class Strategy(Protocol):
    """``evaluate`` is pure: no I/O, no clock, no wallet; the same event and view give the same answer."""

    name: str

    def evaluate(self, event: ChainEvent, view: MarketView) -> list[Opportunity]:
        """What the event makes possible on ``view``, best first, each alone and for the block after the view's."""
        ...


class GasModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Gas of a route, from data: a base for the transaction, the executor and its bid, and so much for each step.

    The defaults rank routes and decide nothing. They are fitted to ``contracts/gas.json`` and to what landed on a
    devnet; v3 swaps that cross ticks and borrowers with many reserves use more.
    """

    base: NonNegative = 55_000
    swap: Mapping[str, NonNegative] = msgspec.field(default_factory=lambda: {V2: 58_000, V3: 63_000})
    liquidation: NonNegative = 295_000
    flash_loan: NonNegative = 102_000
    loans: Mapping[str, NonNegative] = msgspec.field(
        default_factory=lambda: {
            "balancer_v2": 40_000,
            "balancer_v3": 27_000,
            "morpho": 29_000,
            "uniswap_v2": 55_000,
            "uniswap_v3": 45_000,
            "uniswap_v4": 25_000,
        }
    )
    """Of a loan from another source than Aave; ``flash_loan`` where a source is not named."""

    def __post_init__(self) -> None:
        unknown = set(self.swap) - set(FAMILIES)
        if unknown or not {V2, V3} <= set(self.swap):
            raise ValueError(f"swap: found {', '.join(sorted(self.swap)) or 'nothing'}, expected {V2} and {V3}, "
                             f"and of the others {', '.join(sorted(set(FAMILIES) - {V2, V3}))}")  # fmt: skip

    def swaps(self, families: Iterable[str]) -> int:
        return self.base + sum(self.hop(family) for family in families)

    def hop(self, family: str) -> int:
        """Of one swap: as set, else the family's own figure."""
        return self.swap.get(family) or FAMILIES[family].typical_gas

    def loan(self, source: str) -> int:
        return self.loans.get(source, self.flash_loan)

    def route(self, route: Route) -> int:
        return self.base + sum(self._step(step) for step in (route.funding, *route.loans, *route.inner, *route.outer))

    def _step(self, step: Step | FlashLoan) -> int:
        match step:
            case SwapStep():
                return self.hop(step.family)
            case LiquidateStep():
                return self.liquidation
            case FlashLoan():
                return self.loan(step.source)


def swap_step(
    pool: Pool, token_in: Address, token_out: Address, amount_in: int, amount_out: int, *, exact_out: bool = False
) -> SwapStep:
    """A swap whose amounts are known, with what the executor needs to make it."""
    return SwapStep(
        pool=pool.address,
        family=pool.family,
        token_in=token_in,
        token_out=token_out,
        amount_in=amount_in,
        amount_out=amount_out,
        fee_pips=pool.fee_pips,
        exact_out=exact_out,
        detail=family_of(pool).detail(pool, token_in, token_out),
    )


def opportunity_id(strategy: str, view: MarketView, route: Route, victim: PendingTransaction | None = None) -> str:
    """Follows from what the trade is: the strategy, the block it was seen on, every step, and the victim."""
    steps = tuple(_fields(step) for step in (route.funding, *route.loans, *route.inner, *route.outer))
    return content_id(strategy, view.block.hash, steps, len(route.inner), victim.hash if victim else None)


def _fields(step: Step | FlashLoan) -> tuple[object, ...]:
    return (type(step).__name__, *msgspec.structs.astuple(step))


def pools_of(route: Route) -> tuple[Address, ...]:
    return tuple(step.pool for step in route.steps if isinstance(step, SwapStep))
