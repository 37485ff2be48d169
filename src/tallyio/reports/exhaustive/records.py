"""What the check is given and what it answers."""

from collections.abc import Iterable

import msgspec

from tallyio.core.pools import V2, Pool
from tallyio.core.units import Address


class GasModel(msgspec.Struct, frozen=True):
    """What a trade costs. ``wei_per_gas`` is the base fee of the block that the trade would land in."""

    wei_per_gas: int
    base: int = 60_000
    per_v2_hop: int = 75_000
    per_v3_hop: int = 110_000
    per_liquidation: int = 330_000

    def cost_wei(self, pools: Iterable[Pool], liquidations: int = 0) -> int:
        hops = sum(self.per_v2_hop if pool.family == V2 else self.per_v3_hop for pool in pools)
        return self.wei_per_gas * (self.base + hops + liquidations * self.per_liquidation)


class Takeable(msgspec.Struct, frozen=True):
    """One opportunity of the greedy list. ``amount`` is in ``token``: a cycle's input, or the debt covered.

    ``gross_wei`` is WETH gained before gas, ``gas_wei`` the gas model's price, ``net_wei`` their difference.
    """

    kind: str
    pools: tuple[Address, ...]
    token: Address
    amount: int
    gross_wei: int
    gas_wei: int
    net_wei: int
    borrower: Address | None = None
    collateral: Address | None = None
    collateral_amount: int = 0


class BlockTakeable(msgspec.Struct, frozen=True):
    """What was takeable on the state after block ``state_block``, best first, by a bundle at the top of the next."""

    state_block: int
    taken: tuple[Takeable, ...]

    @property
    def net_wei(self) -> int:
        return sum(item.net_wei for item in self.taken)
