"""The state that a block runs on, with an undo log, and what one transaction keeps beside it.

Addresses and slots are plain integers in this room: they come from the stack and go back to it.
"""

from collections.abc import Iterable

from tallyio.simulation.evm.code import EMPTY_CODE, Code
from tallyio.simulation.evm.halt import MissingStateError

Checkpoint = tuple[int, int, int]


class Account:
    """``fresh``: a slot that is not in ``storage`` is zero, because the account has none on the chain."""

    __slots__ = ("address", "balance", "code", "fresh", "nonce", "storage")

    def __init__(
        self, address: int, balance: int, nonce: int, code: Code, storage: dict[int, int], fresh: bool
    ) -> None:
        self.address = address
        self.balance = balance
        self.nonce = nonce
        self.code = code
        self.storage = storage
        self.fresh = fresh

    @property
    def empty(self) -> bool:
        """Dead in the sense of EIP-161; since that fork the same as not existing."""
        return not (self.nonce or self.balance or self.code.raw)


class EvmLog:
    """An event as the machine saw it; ``topics`` are words."""

    __slots__ = ("address", "data", "topics")

    def __init__(self, address: int, topics: tuple[int, ...], data: bytes) -> None:
        self.address = address
        self.topics = topics
        self.data = data


_BALANCE, _NONCE, _CODE, _SLOT, _STORAGE, _WARM, _WARM_SLOT, _TRANSIENT, _MARK = range(9)


class State:
    """Accounts by address. One that was not given reads as not existing and is noted in ``absent``.

    ``journal`` holds what undoes every change since the start, so that a checkpoint of any age can be returned to;
    warmth, transient storage, originals, refunds and logs are of the running transaction and begin anew with each.
    """

    def __init__(self, accounts: Iterable[Account], block_hashes: dict[int, int]) -> None:
        self.accounts = {account.address: account for account in accounts}
        self.block_hashes = block_hashes
        self.absent: set[int] = set()
        self.journal: list[tuple] = []  # type: ignore[type-arg]
        self.begin()

    def begin(self) -> None:
        """Start a transaction."""
        self.warm: set[int] = set()
        self.warm_slots: set[tuple[int, int]] = set()
        self.transient: dict[tuple[int, int], int] = {}
        self.originals: dict[tuple[int, int], int] = {}
        self.created: set[int] = set()
        self.destroyed: set[int] = set()
        self.refund = 0
        self.logs: list[EvmLog] = []

    def account(self, address: int) -> Account:
        found = self.accounts.get(address)
        if found is None:
            self.absent.add(address)
            found = self.accounts[address] = Account(address, 0, 0, EMPTY_CODE, {}, True)
        return found

    def slot(self, address: int, key: int) -> int:
        """Raises ``MissingStateError`` for a slot that nobody gave and nothing wrote."""
        account = self.accounts.get(address) or self.account(address)
        value = account.storage.get(key)
        if value is None:
            if not account.fresh:
                raise missing_slot(address, key)
            return 0
        return value

    def block_hash(self, number: int) -> int:
        if number not in self.block_hashes:
            raise MissingStateError(
                "", None, f"the execution reads the hash of block {number}, expected it in the pre-state, found none"
            )
        return self.block_hashes[number]

    def set_slot(self, address: int, key: int, value: int) -> None:
        storage = self.account(address).storage
        self.journal.append((_SLOT, storage, key, storage.get(key)))
        storage[key] = value

    def set_balance(self, account: Account, balance: int) -> None:
        self.journal.append((_BALANCE, account, account.balance))
        account.balance = balance

    def move(self, sender: int, to: int, amount: int) -> None:
        """The sender must have it."""
        if amount:
            source = self.account(sender)
            self.set_balance(source, source.balance - amount)
            target = self.account(to)
            self.set_balance(target, target.balance + amount)

    def set_nonce(self, account: Account, nonce: int) -> None:
        self.journal.append((_NONCE, account, account.nonce))
        account.nonce = nonce

    def set_code(self, account: Account, code: Code) -> None:
        self.journal.append((_CODE, account, account.code))
        account.code = code

    def clear_storage(self, account: Account) -> None:
        """From here on every slot that is not written reads as zero."""
        self.journal.append((_STORAGE, account, account.storage, account.fresh))
        account.storage = {}
        account.fresh = True

    def set_transient(self, key: tuple[int, int], value: int) -> None:
        self.journal.append((_TRANSIENT, self.transient, key, self.transient.get(key, 0)))
        self.transient[key] = value

    def warm_up(self, address: int) -> bool:
        """Whether the address was cold until now (EIP-2929)."""
        if address in self.warm:
            return False
        self.warm.add(address)
        self.journal.append((_WARM, self.warm, address))
        return True

    def warm_up_slot(self, slot: tuple[int, int]) -> bool:
        if slot in self.warm_slots:
            return False
        self.warm_slots.add(slot)
        self.journal.append((_WARM_SLOT, self.warm_slots, slot))
        return True

    def mark(self, marked: set[int], address: int) -> None:
        """Add to ``created`` or ``destroyed`` until a checkpoint takes it back."""
        if address not in marked:
            marked.add(address)
            self.journal.append((_MARK, marked, address))

    def checkpoint(self) -> Checkpoint:
        return len(self.journal), len(self.logs), self.refund

    def revert(self, to: Checkpoint) -> None:
        """Back to ``to``, which every later checkpoint is lost by."""
        length, logs, self.refund = to
        journal = self.journal
        while len(journal) > length:
            entry = journal.pop()
            kind = entry[0]
            if kind == _SLOT:
                if entry[3] is None:
                    del entry[1][entry[2]]
                else:
                    entry[1][entry[2]] = entry[3]
            elif kind == _BALANCE:
                entry[1].balance = entry[2]
            elif kind == _NONCE:
                entry[1].nonce = entry[2]
            elif kind == _CODE:
                entry[1].code = entry[2]
            elif kind == _STORAGE:
                entry[1].storage, entry[1].fresh = entry[2], entry[3]
            elif kind == _TRANSIENT:
                entry[1][entry[2]] = entry[3]
            else:
                entry[1].discard(entry[2])
        del self.logs[logs:]

    def settle(self) -> None:
        """End a transaction: what destroyed itself is gone."""
        for address in self.destroyed:
            account = self.account(address)
            self.set_balance(account, 0)
            self.set_nonce(account, 0)
            self.set_code(account, EMPTY_CODE)
            self.clear_storage(account)


def hex_address(address: int) -> str:
    return f"0x{address:040x}"


def missing_slot(address: int, key: int) -> MissingStateError:
    at = hex_address(address)
    return MissingStateError(
        at, key, f"the pre-state lacks a slot that the execution reads: account {at}, slot {key:#066x}"
    )
