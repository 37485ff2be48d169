"""One transaction on pyrevm (revm 8), on memory that holds exactly what was put there.

pyrevm tells neither which storage a run read nor what it changed, except in the debug text of the whole machine, which
is complete: the database lists every account and slot that was ever asked for (also in frames that reverted), the
journal every account and slot as it stands after the run. That text is read here. Each run has a machine of its own,
because pyrevm never closes a transaction: in a second one, everything would be warm and refunds would count from the
wrong values.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.simulation.records import BlockEnv, CallTx, InexactError
from tallyio.simulation.state import EMPTY, NO_CODE_HASH, Account, Slot

_SLOT = re.compile(r"(\d+): (\d+)")
_STORAGE_SLOT = re.compile(r"(\d+): StorageSlot \{ previous_or_original_value: (\d+), present_value: (\d+) \}")
_INFO = re.compile(r"balance: (\d+), nonce: (\d+), code_hash: 0x([0-9a-f]{64})")
_BYTECODE = re.compile(r"bytecode: 0x([0-9a-f]*), state: (Raw|Analysed \{ len: (\d+))")
_FAILED = re.compile(r"(Revert|Halt) \{ (?:reason: (.*?), )?gas_used: (\d+)(?:, output: 0x([0-9a-f]*))? \}")


class Touched(msgspec.Struct, frozen=True):
    """An account after the run. ``slots``: slot -> value after, for slots that the run changed; ``loaded``: all slots
    that surviving frames read or wrote."""

    account: Account
    slots: dict[int, int]
    loaded: frozenset[int] = frozenset()


class Ran(msgspec.Struct, frozen=True):
    """``accounts_read`` and ``slots_read`` are what was asked for and what the machine was given; ``touched`` are the
    accounts that surviving frames loaded, as they stand now."""

    success: bool
    gas_used: int
    output: bytes
    halt: str
    logs: tuple[tuple[str, tuple[str, ...], bytes], ...]
    created: Address | None
    accounts_read: frozenset[Address]
    slots_read: frozenset[Slot]
    block_hashes_read: bool
    touched: dict[Address, Touched]

    def same_as(self, other: "Ran") -> bool:
        """Whether two runs did the same, code aside."""
        return (self.success, self.gas_used, self.output, self.logs, _effects(self)) == (
            other.success,
            other.gas_used,
            other.output,
            other.logs,
            _effects(other),
        )


def _effects(ran: Ran) -> dict[Address, tuple[int, int, dict[int, int]]]:
    return {at: (t.account.balance, t.account.nonce, t.slots) for at, t in ran.touched.items()}


def run(
    env: BlockEnv, tx: CallTx, gas_price_wei: int, accounts: Mapping[Address, Account], slots: Mapping[Slot, int]
) -> Ran:
    """Run ``tx`` on ``accounts`` and ``slots``; everything else reads as empty, which ``Ran`` lets the caller notice.

    The sender's account must already have paid for its gas and, unless ``tx`` deploys, have its nonce raised.
    """
    import pyrevm

    revm: Any = pyrevm  # its type stubs lack half of its parameters
    block = revm.BlockEnv(
        number=env.number,
        coinbase=env.coinbase,
        timestamp=env.timestamp,
        prevrandao=env.prevrandao or bytes(32),
        basefee=env.base_fee_wei,
        gas_limit=env.gas_limit,
        excess_blob_gas=env.excess_blob_gas,
    )
    access_list = [(account, list(keys)) for account, keys in tx.access_list]
    environment = revm.Env(cfg=revm.CfgEnv(chain_id=env.chain_id), block=block, tx=revm.TxEnv(access_list=access_list))
    evm = revm.EVM(env=environment, gas_limit=env.gas_limit)
    for address, account in accounts.items():
        info = revm.AccountInfo(
            balance=account.balance,
            nonce=account.nonce,
            code_hash=account.code_hash,
            code=account.code or None,
        )
        evm.insert_account_info(address, info)
    for (address, slot), value in slots.items():
        before = evm.snapshot()
        evm.insert_account_storage(address, slot, value)  # loads the account too: the revert leaves it cold
        evm.revert(before)
    output, created, failure = b"", None, ""
    try:
        if tx.to is None:
            deployed = evm.deploy(tx.sender, tx.data, tx.value_wei, tx.gas_limit, gas_price_wei)
            created = Address(deployed.lower())
        else:
            output = evm.message_call(tx.sender, tx.to, tx.data, tx.value_wei, tx.gas_limit, gas_price_wei)
    except RuntimeError as error:
        failure = str(error)
    return _ran(evm, output, created, failure, accounts)


def _ran(evm: Any, output: bytes, created: Address | None, failure: str, held: Mapping[Address, Account]) -> Ran:
    success, halt = not failure, ""
    if success:
        gas_used = evm.result.gas_used
    else:
        failed = _FAILED.match(failure)
        if failed is None:
            raise InexactError(f"the local EVM refused the transaction: {failure[:200]}")
        gas_used = int(failed[3])
        output = bytes.fromhex(failed[4] or "")
        halt = f"halted: {failed[2]}" if failed[1] == "Halt" else ""
    logs = [(log.address.lower(), *log.data) for log in evm.result.logs] if success else []
    text = str(evm)
    accounts_read, slots_read, block_hashes_read = _reads(text)
    return Ran(
        success=success,
        gas_used=gas_used,
        output=output,
        halt=halt,
        logs=tuple((at, tuple(f"0x{topic.hex()}" for topic in topics), data) for at, topics, data in logs),
        created=created,
        accounts_read=accounts_read,
        slots_read=slots_read,
        block_hashes_read=block_hashes_read,
        touched=_touched(text, held),
    )


def _between(text: str, start: str, end: str, at: int = 0) -> tuple[str, int]:
    first = text.find(start, at)
    last = text.find(end, first)
    if first < 0 or last < 0:
        raise BugError(f"pyrevm's text lacks {start!r}: this release is not the one that TallyIO can read")
    return text[first + len(start) : last], last


def _reads(text: str) -> tuple[frozenset[Address], frozenset[Slot], bool]:
    database, end = _between(text, "db: Memory(CacheDB { accounts: {", ", contracts: {")
    hashes, _ = _between(text, "block_hashes: {", "}, db: EmptyDB", end)
    accounts: set[Address] = set()
    slots: set[Slot] = set()
    head, *rest = database.split(": DbAccount { info: ")
    for body in rest:
        address = Address(head[-42:])
        accounts.add(address)
        storage = body[body.rindex(", storage: {") :]
        slots.update((address, int(slot)) for slot, _ in _SLOT.findall(storage))
        head = body
    return frozenset(accounts), frozenset(slots), bool(hashes)


def _touched(text: str, held: Mapping[Address, Account]) -> dict[Address, Touched]:
    journal, _ = _between(text, "journaled_state: JournaledState { state: {", "transient_storage: {")
    touched = {}
    head, *rest = journal.split(": Account { info: AccountInfo { ")
    for body in rest:
        address = Address(head[-42:])
        storage, status_at = _between(body, "}, storage: {", "}, status: AccountStatus(")
        status = body[status_at:]
        head = body
        if "SelfDestructed" in status:
            touched[address] = Touched(Account(0, 0, b"", NO_CODE_HASH, fresh=True), {})
            continue
        info = _INFO.match(body)
        if info is None:
            raise BugError(
                "pyrevm's text of an account is not as expected: this release is not the one TallyIO can read"
            )
        code_hash = bytes.fromhex(info[3])
        before = held.get(address, EMPTY)
        code = before.code if code_hash == before.code_hash else _code(body[: len(body) - len(storage)])
        fresh = before.fresh or "Created" in status
        account = Account(int(info[1]), int(info[2]), code, code_hash, fresh)
        found = _STORAGE_SLOT.findall(storage)
        changed = {int(k): int(new) for k, old, new in found if old != new}
        touched[address] = Touched(account, changed, frozenset(int(k) for k, _, _ in found))
    return touched


def _code(text: str) -> bytes:
    found = _BYTECODE.search(text)
    if found is None:
        raise BugError("pyrevm's text of a contract is not as expected: this release is not the one TallyIO can read")
    code = bytes.fromhex(found[1])
    return code[: int(found[3])] if found[3] else code
