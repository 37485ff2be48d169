"""A pool that is paused, and a vault that is: refused with the reason while it lasts, and back afterwards."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tallyio.core.chain import BlockRef, NewBlock
from tallyio.core.pools import BALANCER_V2
from tallyio.core.units import Address, Hash32
from tallyio.devnet import abi
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.protocols.dex.balancer_v2 import BalancerTerms
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families.balancer_stable import StablePool
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry

PAUSE = "setPaused(bool)"
REASON = "it or its vault is paused"


class Followed:
    """A market that hears of what happened in the local EVM when it is told to."""

    def __init__(self, real: Any) -> None:
        self.real, self.number = real, 0
        registry = DexRegistry([Deployment("balancer", BALANCER_V2, Address(real.vault))])
        self.market = Market(registry, Address("0x" + "ee" * 20))
        self.market.start(self._block())

    def _block(self) -> BlockRef:
        return BlockRef(self.number, Hash32(f"0x{self.number}"), Hash32(f"0x{self.number - 1}"), self.real.now)

    def hear(self) -> None:
        self.number += 1
        logs = tuple(self.real.logs)
        self.real.logs.clear()
        self.market.apply(NewBlock(self._block(), 10**9, 0, 30_000_000, Address("0x" + "00" * 20), logs))
        unread = [self.market.pools[address] for address in self.market.unread]
        self.market.settle(asyncio.run(read_pools(self._read, unread, self.number)))

    async def _read(self, calls: Sequence[tuple[Address, bytes]], block: int) -> list[tuple[bool, bytes]]:
        return [(answer is not None, answer or b"") for answer in self.real.answered(calls)]

    def left(self) -> set[str]:
        return set(self.market.untradable.values())


@pytest.fixture
def scene(real_balancer: Callable[..., Any]) -> tuple[Followed, str]:
    """Two pools of one vault, and the address of the first."""
    real, draw = real_balancer(("weighted_v3", "composable_v3")), random.Random(3)
    made = [real.weighted(draw, "weighted_v3"), real.stable(draw, "composable_v3")]
    followed = Followed(real)
    followed.hear()
    assert len(followed.market.states) == 2
    assert not followed.market.untradable
    pool: str = made[0].address
    for call in ("pause()", "unpause()"):
        real.allow(pool, abi.call(call))
    real.allow(real.vault, abi.call(PAUSE, True)[:4])
    return followed, pool


def test_a_paused_pool_is_refused_until_it_goes_on(scene: tuple[Followed, str]) -> None:
    followed, pool = scene
    followed.real.call(pool, "pause()")
    followed.hear()
    assert followed.market.untradable == {pool: REASON}
    followed.hear()
    assert followed.market.untradable == {pool: REASON}
    followed.real.call(pool, "unpause()")
    followed.hear()
    assert not followed.market.untradable
    assert len(followed.market.states) == 2


def test_a_paused_vault_pauses_all_its_pools(scene: tuple[Followed, str]) -> None:
    followed, pool = scene
    followed.real.call(followed.real.vault, PAUSE, True)
    followed.hear()
    assert len(followed.market.untradable) == 2
    assert followed.left() == {REASON}
    followed.real.call(pool, "pause()")
    followed.real.call(pool, "unpause()")
    followed.hear()
    assert followed.left() == {REASON}
    followed.real.call(followed.real.vault, PAUSE, False)
    followed.hear()
    assert not followed.market.untradable


def test_pools_of_a_paused_vault_are_found_and_refused(scene: tuple[Followed, str]) -> None:
    followed, _ = scene
    followed.real.call(followed.real.vault, PAUSE, True)
    late = Followed(followed.real)
    late.market.start(late._block(), followed.market.pools.values())
    late.hear()
    assert len(late.market.untradable) == 2
    assert late.left() == {REASON}


def test_a_pool_in_recovery_mode_trades_on(scene: tuple[Followed, str]) -> None:
    """It takes its swap fee and owes the protocol nothing, which is read anew."""
    followed, pool = scene
    real = followed.real
    for address in followed.market.pools:
        real.allow(address, abi.call("enableRecoveryMode()"))
        real.call(address, "enableRecoveryMode()")
    followed.hear()
    assert not followed.market.untradable
    for address, known in followed.market.pools.items():
        state, terms = followed.market.states[address], known.terms
        assert isinstance(state, WeightedPool | StablePool)
        assert isinstance(terms, BalancerTerms)
        assert address == pool or (isinstance(state, StablePool) and state.shares and state.shares.recovery_mode)
        token_in, token_out = [token for token in known.tokens if token != address][:2]
        amount = state.balances.totals[known.tokens.index(token_in)] // 1000
        done = swap(known, state, token_in, token_out, amount, real.now)
        assert real.swap(bytes.fromhex(terms.pool_id[2:]), token_in, token_out, amount, False) == done.amount_out
