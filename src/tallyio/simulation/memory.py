"""What runs have touched, remembered by the addresses in their calldata, to fetch it in one go the next time."""

from collections import OrderedDict, deque

from tallyio.core.units import Address
from tallyio.simulation.records import CallTx
from tallyio.simulation.state import Slot

Keys = tuple[frozenset[Address], frozenset[Slot]]
_SEEDS = 4096
_RUNS_KEPT = 2


class AccessMemory:
    """A prediction only: what is missing is noticed and fetched, what is superfluous costs a little time."""

    def __init__(self) -> None:
        self._runs: OrderedDict[bytes, deque[Keys]] = OrderedDict()

    def predict(self, tx: CallTx) -> tuple[set[Address], set[Slot]]:
        accounts: set[Address] = set()
        slots: set[Slot] = set()
        for seed in self._seeds(tx):
            for some_accounts, some_slots in self._runs.get(seed, ()):
                accounts |= some_accounts
                slots |= some_slots
        return accounts, slots

    def learn(self, tx: CallTx, accounts: frozenset[Address], slots: frozenset[Slot]) -> None:
        for account in accounts:
            self._runs.setdefault(bytes.fromhex(account[2:]), deque(maxlen=_RUNS_KEPT))
        keys = (accounts, slots)
        for seed in self._seeds(tx):
            runs = self._runs[seed]
            if keys not in runs:
                runs.append(keys)
            self._runs.move_to_end(seed)
        while len(self._runs) > _SEEDS:
            self._runs.popitem(last=False)

    def _seeds(self, tx: CallTx) -> set[bytes]:
        data = tx.data
        found = {data[i : i + 20] for i in range(len(data) - 19) if data[i : i + 20] in self._runs}
        if tx.to is not None and not found:
            found.add(bytes.fromhex(tx.to[2:]))
        return found & self._runs.keys()
