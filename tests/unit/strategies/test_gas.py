"""The gas model against ``contracts/gas.json``: what real routes used, measured without a bid."""

import re
from pathlib import Path

import msgspec
import pytest

from tallyio.core.pools import ALGEBRA, BALANCER_V3, PANCAKE_V3, V2, V3, V4
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import Address
from tallyio.protocols.dex.siblings import FAMILIES
from tallyio.strategies.base import GasModel

TABLE = msgspec.json.decode(
    (Path(__file__).resolve().parents[3] / "contracts" / "gas.json").read_bytes(), type=dict[str, int]
)
BID = 16_500
"""What a bid adds (contracts/README.md)."""

ANY = Address("0x" + "aa" * 20)
V2_SWAP, V3_SWAP = (SwapStep(ANY, family, ANY, ANY, 1, 1, 0) for family in (V2, V3))
STEPS: dict[str, SwapStep | LiquidateStep | FlashLoan] = {
    **{
        f"{source.replace('_', ' ')} loan": FlashLoan(ANY, ANY, 1, 1, source)
        for source in ("balancer_v2", "balancer_v3", "uniswap_v2", "uniswap_v3", "uniswap_v4", "morpho")
    },
    **{
        name: SwapStep(ANY, family, ANY, ANY, 1, 1, 0)
        for name, family in (
            ("pancakeswap-v3", PANCAKE_V3),
            ("balancer-v3", BALANCER_V3),
            ("v4", V4),
            ("algebra", ALGEBRA),
        )
    },
    "v2": V2_SWAP,
    "v3": V3_SWAP,
    "liquidation": LiquidateStep(ANY, ANY, ANY, ANY, 1, 1),
    "Aave flash loan": FlashLoan(ANY, ANY, 1, 1),
}


def named(entry: str) -> Route:
    """The steps that an entry of the table names; gas depends on their kinds alone."""
    found = [STEPS[word] for word in re.findall("|".join(STEPS), entry)]
    funding = next(step for step in found if not isinstance(step, LiquidateStep))
    found.remove(funding)
    return Route(funding=funding, inner=tuple(step for step in found if not isinstance(step, FlashLoan)))


OUTSIDE = re.compile("^router|stand-in|balancer-v2")
"""Routers are no routes of ours, and a stand-in uses what it uses. A pool of Balancer v2's is counted as a stable one,
which the table does not have."""
MODELLED = [(entry, gas) for entry, gas in TABLE.items() if not OUTSIDE.search(entry)]


@pytest.mark.parametrize(("entry", "measured"), MODELLED)
def test_the_defaults_are_near_what_was_measured(entry: str, measured: int) -> None:
    assert GasModel().route(named(entry)) == pytest.approx(measured + BID, rel=0.15)


@pytest.mark.parametrize("name", ["v3", "pancakeswap-v3", "v4", "balancer-v3", "algebra"])
def test_a_hop_is_what_its_row_has_more_than_two_pairs(name: str) -> None:
    pairs = TABLE["cycle, v2 v2"]
    measured = TABLE[f"cycle, v2 {name}"] - pairs + TABLE["cycle, v2 v2 v2"] - pairs
    step = STEPS[name]
    assert isinstance(step, SwapStep)
    assert GasModel().hop(step.family) == FAMILIES[step.family].typical_gas == pytest.approx(measured, rel=0.1)


def test_every_kind_of_step_counts() -> None:
    gas = GasModel(base=1, swap={V2: 10, V3: 100}, liquidation=1_000, flash_loan=10_000)
    assert gas.route(named("Aave flash loan, liquidation, v2, v3")) == 11_111
    assert gas.route(Route(V3_SWAP, inner=(V2_SWAP,), outer=(V2_SWAP,))) == 121
    assert gas.swaps([V2, V2, V3]) == 121
