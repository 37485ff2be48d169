"""The state of one block, filled lazily from a node and overlaid with the effects of transactions."""

import threading

import msgspec

from tallyio.chains import jsonrpc
from tallyio.chains.blocking import BlockingRpc
from tallyio.chains.jsonrpc import Call
from tallyio.chains.keccak import keccak256
from tallyio.core.chain import BlockRef
from tallyio.core.units import Address, Hash32

Slot = tuple[Address, int]
NO_CODE_HASH = keccak256(b"")

_CODE_HASHES = bytes.fromhex(
    "6027"  # i = 39, the length of this program
    "5b"
    "803814601f57"  # loop: when i is the code's size, go to the end
    "602081600039"
    "6000513f"  # the code hash of the word at i
    "8160079003"
    "52"  # to memory at 32 + i - 39
    "602001600256"  # i += 32, loop
    "5b"
    "6007900360"
    "00f3"  # end: return memory[0 : 32 + i - 39]
)
"""Init code for an ``eth_call`` that deploys nothing: returns the EXTCODEHASH of each address word appended to it,
behind the last of these words. A hash may begin with 0xef, which no created code may (EIP-3541); a word does not."""


class Account(msgspec.Struct, frozen=True):
    """``fresh``: every slot that was not written since is zero, because the contract was created in this run."""

    balance: int
    nonce: int
    code: bytes
    code_hash: bytes
    fresh: bool = False


EMPTY = Account(0, 0, b"", NO_CODE_HASH)


class Node:
    """A node as a source of state, with what may be kept across blocks: code, under its hash.

    One connection: runs that share a node take turns on ``lock``.
    """

    def __init__(self, rpc_url: str, timeout_s: float = 5.0) -> None:
        self.rpc = BlockingRpc(rpc_url, timeout_s)
        self.lock = threading.RLock()
        self._codes: dict[Address, tuple[bytes, bytes]] = {}

    def read(
        self, block_hash: Hash32, accounts: list[Address], slots: list[Slot]
    ) -> tuple[dict[Address, Account], dict[Slot, int]]:
        """Accounts and slots as of a block, in one round trip; two when a contract's code is new or changed.

        Raises ``OutOfReachError`` when the node does not answer, or does not know the block (any more).
        """
        at = {"blockHash": block_hash}
        known = [account for account in accounts if account in self._codes]
        unknown = [account for account in accounts if account not in self._codes]
        calls: list[Call] = [("eth_getBalance", [account, at]) for account in accounts]
        calls += [("eth_getTransactionCount", [account, at]) for account in accounts]
        calls += [("eth_getCode", [account, at]) for account in unknown]
        calls += [("eth_getStorageAt", [account, f"{slot:#066x}", at]) for account, slot in slots]
        if known:
            words = b"".join(bytes(12) + bytes.fromhex(account[2:]) for account in known)
            calls.append(("eth_call", [{"data": "0x" + (_CODE_HASHES + words).hex()}, at]))
        answers = iter(self.rpc.batch(calls))
        balances = [jsonrpc.quantity(next(answers), "balance") for _ in accounts]
        nonces = [jsonrpc.quantity(next(answers), "nonce") for _ in accounts]
        codes = {account: jsonrpc.data(next(answers), "code") for account in unknown}
        values = {slot: jsonrpc.quantity(next(answers), "slot") for slot in slots}
        if known:
            codes |= self._unchanged(known, jsonrpc.data(next(answers), "code hashes")[32:], at)
        found = {}
        for account, balance, nonce in zip(accounts, balances, nonces, strict=True):
            code = codes[account]
            if code and account not in self._codes:
                self._codes[account] = (code, keccak256(code))
            code_hash = self._codes[account][1] if code else NO_CODE_HASH
            found[account] = Account(balance, nonce, code, code_hash)
        return found, values

    def _unchanged(self, known: list[Address], hashes: bytes, at: dict[str, Hash32]) -> dict[Address, bytes]:
        """The kept code of accounts whose code hash on the chain is still that of the kept code; else it is read."""
        stale = [account for i, account in enumerate(known) if hashes[32 * i : 32 * i + 32] != self._codes[account][1]]
        for account in stale:
            del self._codes[account]
        fresh = self.rpc.batch([("eth_getCode", [account, at]) for account in stale]) if stale else []
        codes = {account: jsonrpc.data(code, "code") for account, code in zip(stale, fresh, strict=True)}
        return {account: codes[account] if account in codes else self._codes[account][0] for account in known}


class State:
    """The state of ``block`` as far as it was asked for, and above it what transactions changed."""

    def __init__(self, node: Node, block: BlockRef) -> None:
        self._node = node
        self._block = block
        self._accounts: dict[Address, Account] = {}
        self._slots: dict[Slot, int] = {}
        self._changed_accounts: dict[Address, Account] = {}
        self._changed_slots: dict[Slot, int] = {}

    def load(self, accounts: set[Address], slots: set[Slot]) -> bool:
        """Fetch what is not known yet; whether the node had to be asked."""
        wanted = [a for a in accounts | {a for a, _ in slots} if a not in self._accounts]
        missing = [slot for slot in slots if slot not in self._slots]
        if not wanted and not missing:
            return False
        found, values = self._node.read(self._block.hash, wanted, missing)
        self._accounts |= found
        self._slots |= values
        return True

    def knows(self, accounts: set[Address], slots: set[Slot]) -> bool:
        return accounts <= self._accounts.keys() and slots <= self._slots.keys()

    def account(self, address: Address) -> Account:
        """A loaded account, or one that a transaction made."""
        return self._changed_accounts.get(address) or self._accounts[address]

    def slot(self, slot: Slot) -> int:
        """The value of a loaded slot after the transactions so far."""
        if (value := self._changed_slots.get(slot)) is not None:
            return value
        return 0 if self.account(slot[0]).fresh else self._slots[slot]

    def write(self, accounts: dict[Address, Account], slots: dict[Slot, int]) -> None:
        for address, account in accounts.items():
            if account.fresh and not self._changed_accounts.get(address, EMPTY).fresh:
                self._changed_slots = {slot: v for slot, v in self._changed_slots.items() if slot[0] != address}
            self._changed_accounts[address] = account
        self._changed_slots |= slots

    def snapshot(self) -> tuple[dict[Address, Account], dict[Slot, int]]:
        return dict(self._changed_accounts), dict(self._changed_slots)

    def revert(self, to: tuple[dict[Address, Account], dict[Slot, int]]) -> None:
        self._changed_accounts, self._changed_slots = dict(to[0]), dict(to[1])
