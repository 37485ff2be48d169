"""Offers and blocks by hand, as a replay would tell them."""

from collections.abc import Callable

import pytest

from tallyio.backtest.records import Taken
from tallyio.backtest.study.records import BlockResult, Offer
from tallyio.core.units import Address, Hash32


def pool(name: str) -> Address:
    return Address("0x" + name * 40)


def _offer(
    position: int = 3,
    pools: str = "ab",
    *,
    gross: int = 1_000,
    gas: int = 100,
    bid: int = 200,
    approved: bool = True,
    unknown: bool = False,
) -> Offer:
    return Offer(
        id=f"{position}-{pools}",
        strategy="arbitrage",
        position=position,
        pools=tuple(map(pool, pools)),
        predicted_wei=gross,
        predicted_gas=gas,
        gross_wei=gross,
        gas_used=gas,
        gas_wei=gas,
        bid_wei=bid,
        to_proposer_wei=bid,
        approved=approved,
        reason="" if approved else "below_minimum",
        outcome="unknown" if unknown else "succeeded",
        hops=len(pools),
    )


def _taken(
    position: int = 5,
    pools: str = "ab",
    *,
    gross: int | None = 1_000,
    paid: int | None = 150,
    reverted: bool = False,
) -> Taken:
    return Taken(
        kind="arbitrage",
        transaction=Hash32(f"0x{position:064x}"),
        position=position,
        taker=pool("f"),
        tokens=tuple(map(pool, pools)),
        pools=tuple(map(pool, pools)),
        protocols=("uniswap_v2",) * len(pools),
        amounts_in=(1,) * len(pools),
        profit={},
        gross_wei=gross,
        net_wei=None,
        gas_wei=10,
        to_proposer_wei=paid,
        reverted=reverted,
    )


def _block(number: int = 100, *taken: Taken, offers: tuple[tuple[Offer, ...], ...] = ()) -> BlockResult:
    return BlockResult("key", 1, number, Hash32(f"0x{number:064x}"), taken=taken, offers=offers)


@pytest.fixture
def offer() -> Callable[..., Offer]:
    return _offer


@pytest.fixture
def taken() -> Callable[..., Taken]:
    return _taken


@pytest.fixture
def block() -> Callable[..., BlockResult]:
    return _block
