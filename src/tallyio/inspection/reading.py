"""What decoders of a protocol family get to see of a transaction, beside the one call or event they read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tallyio.core.units import Address
from tallyio.inspection.activity import Action, Place, Transfer
from tallyio.inspection.calls import Call


@dataclass
class Event:
    """One log. ``order`` is its place in the transaction."""

    order: int
    place: Place
    address: Address
    topics: tuple[str, ...]
    data: bytes


@dataclass
class Reading:
    """One transaction being read. ``reserves`` outlives it: what is known of pairs so far in the block."""

    native: Address
    sender: Address
    transfers: tuple[Transfer, ...]
    reserves: dict[Address, tuple[int, int]] = field(default_factory=dict)
    settled: dict[Address, int] = field(default_factory=dict)
    """A pool's last action: what was sent to it before belongs to that."""

    def within(self, call: Call) -> list[Transfer]:
        """Transfers that ``call`` and the calls in it made."""
        return [t for t in self.transfers if call.order <= t.order <= call.end]

    def last(
        self, order: int, *, other_than: Address, to: Address | None = None, by: Address | None = None
    ) -> Transfer | None:
        """The last transfer before ``order`` to or by a holder, of another token than one."""
        fitting = [
            t
            for t in self.transfers
            if t.order < order
            and t.token != other_than
            and (to is None or t.receiver == to)
            and (by is None or t.sender == by)
        ]
        return fitting[-1] if fitting else None

    def exact(
        self, amount: int, order: int, *, to: Address | None = None, by: Address | None = None
    ) -> Transfer | None:
        """The transfer of just ``amount`` to or by a holder that is nearest before ``order``, else nearest after."""
        fitting = [
            t
            for t in self.transfers
            if t.amount == amount and (to is None or t.receiver == to) and (by is None or t.sender == by)
        ]
        return min(fitting, key=lambda t: (t.order > order, abs(t.order - order)), default=None)


def net_flows(transfers: Iterable[Transfer], holder: Address) -> dict[Address, int]:
    """What ``holder`` gained of each token, less what it gave; tokens that came out even are left out."""
    net: dict[Address, int] = {}
    for t in transfers:
        if t.sender == t.receiver:
            continue
        if t.receiver == holder:
            net[t.token] = net.get(t.token, 0) + t.amount
        elif t.sender == holder:
            net[t.token] = net.get(t.token, 0) - t.amount
    return {token: amount for token, amount in net.items() if amount}


CallReader = Callable[[Call, Reading], list[Action]]
"""Actions that one call of a known selector stands for. May raise ``ValueError``: the call is something else."""
EventReader = Callable[[Event, Reading], list[Action]]
