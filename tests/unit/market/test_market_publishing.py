"""What a publisher hears, put together, is the market: over blocks, rollbacks and a late start."""

import random
from collections.abc import Iterable
from typing import Any

import pytest

from tallyio.core.chain import BlockRef, Rollback
from tallyio.core.pools import Pool, PoolState
from tallyio.market.market import Market


class Follower:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.block: BlockRef | None = None
        self.states: dict[str, PoolState | None] = {}
        self.heard = 0

    def publish(self, block: BlockRef, moved: Iterable[tuple[Pool, PoolState | None]]) -> None:
        self.block = block
        self.heard += 1
        self.states.update((pool.address, state) for pool, state in moved)

    def holds(self, market: Market) -> bool:
        known = {address: state for address, state in self.states.items() if state is not None}
        return self.block == market.block and known == market.states and self.states.keys() == market.pools.keys()


@pytest.mark.parametrize("seed", range(6))
def test_no_change_is_missed(market: Market, chain: Any, logs: Any, seed: int) -> None:
    dice, follower = random.Random(seed), Follower()
    market.publish_to(follower)
    trail = [chain.head]
    for turn in range(60):
        if dice.random() < 0.25 and len(trail) > 1:
            back = dice.randrange(1, min(4, len(trail)))
            del trail[-back:]
            market.rewind(Rollback(trail[-1], ()))
            chain.head = trail[-1]
        else:
            made = (
                logs.pair_created(),
                logs.pair_created(logs.other, logs.dai),
                logs.sync(dice.randrange(1, 10**9), dice.randrange(1, 10**9)),
                logs.sync(dice.randrange(1, 10**9), 7, logs.other),
                logs.pool_created(),
                logs.initialize(),
                logs.mint(-60, 60, dice.randrange(1, 10**6)),
            )
            market.apply(chain.block(*(entry for entry in made if dice.random() < 0.5), branch=f"b{turn}"))
            trail.append(chain.head)
        assert follower.holds(market)
        assert follower.heard == turn + 2, "once a block or rollback, and once at the start"
    assert len(follower.states) == 3


def test_a_late_publisher_hears_all_that_is_known(market: Market, chain: Any, logs: Any) -> None:
    market.apply(chain.block(logs.pair_created(), logs.sync(5, 7), logs.pool_created()))
    follower = Follower()
    market.publish_to(follower)
    assert follower.holds(market)
    assert follower.states[logs.pool] is None
