"""What Balancer v2's vault does around every pool: cash and managed balances, their limits, the order of a swap.

Source: Balancer v2's documentation of its vault; judged by the published contracts.
"""

from collections.abc import Sequence

import msgspec

from tallyio.protocols.dex.families.fixed_point import less
from tallyio.protocols.dex.families.words import require

_BALANCE_BOUND = 2**112


class VaultBalances(msgspec.Struct, frozen=True):
    """A pool's tokens in the vault: ``cash`` is there, ``managed`` was lent out; pools compute with the sums."""

    cash: tuple[int, ...]
    managed: tuple[int, ...]

    @property
    def totals(self) -> tuple[int, ...]:
        return tuple(cash + managed for cash, managed in zip(self.cash, self.managed, strict=True))

    def moved(self, i: int, j: int, amount_in: int, amount_out: int) -> "VaultBalances":
        """The balances after token ``i`` came in and token ``j`` went out. Raises ``SwapRefusedError``."""
        cash = list(self.cash)
        cash[i] += amount_in
        require(cash[i] + self.managed[i] < _BALANCE_BOUND, "BAL#526 BALANCE_TOTAL_OVERFLOW")
        cash[j] = less(cash[j], amount_out)
        return msgspec.structs.replace(self, cash=tuple(cash))


def balances(cash: Sequence[int], managed: Sequence[int] = ()) -> VaultBalances:
    return VaultBalances(tuple(cash), tuple(managed) or (0,) * len(cash))


def require_order(i: int, j: int, amount: int, paused: bool) -> None:
    """What vault and pool ask of any swap. Raises ``SwapRefusedError``."""
    require(amount > 0, "BAL#510 UNKNOWN_AMOUNT_IN_FIRST_SWAP")
    require(i != j, "BAL#509 CANNOT_SWAP_SAME_TOKEN")
    require(not paused, "BAL#402 PAUSED")
