"""An archived block on the local EVM, one transaction at a time, open to questions and own transactions between."""

import msgspec

from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.core.chain import Log
from tallyio.core.units import ZERO_ADDRESS, Address, Hash32, address
from tallyio.simulation.evm import execute as evm
from tallyio.simulation.evm.code import EMPTY_CODE, Code
from tallyio.simulation.evm.execute import Message, Result
from tallyio.simulation.evm.forks import Fork, blob_base_fee, fork_at, named
from tallyio.simulation.evm.machine import Machine, Surroundings, Tracer
from tallyio.simulation.evm.state import Account, Checkpoint, EvmLog, State, hex_address
from tallyio.simulation.evm.table import table
from tallyio.simulation.receipts import Receipt, bloom_of, receipts_root
from tallyio.simulation.records import CallTx, Executed
from tallyio.simulation.revert import Errors
from tallyio.simulation.signed_message import message_of

_GWEI = 10**9
_BEACON_ROOTS, _BLOCK_HASHES = 0x000F3DF6D732807EF1319FB7B8BB8522D0BEAC02, 0x0000F90827F1C53A10CB7A02335B175320002935
_ROOTS_KEPT = _HASHES_KEPT = 8_191
_REWARD = 2 * 10**18  # EIP-1234, until Paris
_UNMINED = Hash32("0x" + "00" * 32)


class Position(msgspec.Struct, frozen=True):
    """A point to which ``BlockExecution.revert`` returns."""

    checkpoint: Checkpoint
    position: int
    gas_used: int
    receipts: int


class BlockExecution:
    """The state of an archived block, before its first transaction to begin with.

    ``step`` runs the block's next transaction, ``send`` and ``send_raw`` one of our own at this place; both keep the
    effects. Reads and ``call`` see the state at this place. ``position`` counts the block's own transactions so far;
    ``receipts`` and ``gas_used`` are of those alone.

    Raises ``UnknownForkError`` for a fork or chain without known rules, ``MissingStateError`` (with account and slot)
    where the archive lacks what is read, ``NotIncludableError`` for a transaction that no block could hold.
    """

    def __init__(self, block: ArchivedBlock, *, rules: str = "") -> None:
        if block.header is None or block.pre_state is None:
            raise ArchiveError(
                f"block {block.number} has traces alone, expected its header, transactions and pre-state",
                todo="Fetch or import it with its pre-state",
            )
        name = rules or block.rules
        header, pre_state = block.header, block.pre_state
        self.block = block
        self.fork = named(name) if name else fork_at(block.chain_id, block.number, header.timestamp)
        surroundings = Surroundings(
            number=header.number,
            time=header.timestamp,
            coinbase=int(header.coinbase, 16),
            gas_limit=header.gas_limit,
            base_fee=header.base_fee_wei or 0,
            random=int(header.mix_hash, 16) if self.fork >= Fork.PARIS else header.difficulty,
            chain_id=block.chain_id,
            blob_base_fee=blob_base_fee(self.fork, header.excess_blob_gas or 0),
        )
        self._state = State((), {number: int(each, 16) for number, each in pre_state.block_hashes.items()})
        self._machine = Machine(self.fork, surroundings, self._state)
        codes = {
            code_hash: self._machine.code(raw, bytes.fromhex(code_hash[2:]))
            for code_hash, raw in pre_state.codes.items()
        }
        for at, each in pre_state.accounts.items():
            word = int(at, 16)
            code = codes.get(each.code_hash, EMPTY_CODE)
            self._state.accounts[word] = Account(word, each.balance_wei, each.nonce, code, dict(each.slots), False)
        self.position = 0
        self.gas_used = 0
        self.receipts: list[Receipt] = []
        self.errors = Errors(())
        self._before_first()

    @property
    def length(self) -> int:
        return len(self.block.transactions)

    @property
    def absent(self) -> frozenset[Address]:
        """Accounts that were read and that the pre-state does not hold: taken as not existing."""
        return frozenset(Address(hex_address(word)) for word in self._state.absent)

    def trace(self, tracer: Tracer | None) -> None:
        """Tell ``tracer`` about every frame from here on."""
        self._machine.tracer = tracer

    def note_hashes(self, into: dict[int, bytes] | None) -> None:
        """Keep what code hashes from here on, by the hash: it tells of which keys a mapping's slot is made."""
        self._machine.hashed = into

    def step(self) -> Executed:
        """Run the block's next transaction. Raises ``IndexError`` after the last."""
        raw = self.block.transactions[self.position]
        message = message_of(raw)
        result = evm.execute(self._machine, message, mined=True)
        self.position += 1
        self.gas_used += result.gas_used
        kind = raw[0] if raw[0] < 0x80 else 0
        self.receipts.append(Receipt(kind, not result.failure, self.gas_used, result.logs))
        return self._executed(result)

    def run_to(self, position: int) -> None:
        """Step until ``position`` transactions of the block have run."""
        while self.position < position:
            self.step()

    def finish(self) -> None:
        """Run what is left of the block, its withdrawals and, before Paris, the miner's reward."""
        self.run_to(self.length)
        for each in self.block.withdrawals or ():
            account = self._state.account(int(each.address, 16))
            self._state.set_balance(account, account.balance + each.amount_gwei * _GWEI)
        if self.fork < Fork.PARIS:
            miner = self._state.account(self._machine.block.coinbase)
            reward = _REWARD + _REWARD // 32 * len(self.block.uncles)
            self._state.set_balance(miner, miner.balance + reward)

    def send(self, tx: CallTx) -> Executed:
        """Run a transaction of our own here and keep its effects; it needs no signature."""
        return self._executed(evm.execute(self._machine, _message(tx)))

    def send_raw(self, raw: bytes) -> Executed:
        """As ``send``, from signed bytes."""
        return self._executed(evm.execute(self._machine, message_of(raw)))

    def call(self, to: Address, data: bytes, sender: Address = ZERO_ADDRESS, value_wei: int = 0) -> Executed:
        """A read, free of gas and of the sender's funds but for the value; nothing is kept."""
        gas = self._machine.block.gas_limit
        tx = CallTx(sender=sender, to=to, data=data, gas_limit=gas, value_wei=value_wei)
        return self._executed(evm.call(self._machine, _message(tx)))

    def balance(self, of: Address) -> int:
        """In wei."""
        return self._state.account(int(of, 16)).balance

    def nonce(self, of: Address) -> int:
        return self._state.account(int(of, 16)).nonce

    def code(self, of: Address) -> bytes:
        return self._state.account(int(of, 16)).code.raw

    def storage(self, of: Address, slot: int) -> int:
        return self._state.slot(int(of, 16), slot)

    def set_balance(self, of: Address, balance_wei: int) -> None:
        self._state.set_balance(self._state.account(int(of, 16)), balance_wei)

    def set_code(self, of: Address, code: bytes, rules: str = "") -> None:
        """Place bytecode of our own. Where there was none before, all its slots are zero from here on.

        ``rules`` names the fork whose instructions this code alone may use, where it is younger than the block.
        """
        account = self._state.account(int(of, 16))
        if not account.code.raw:
            self._state.clear_storage(account)
        placed = Code(code, table(named(rules))) if rules else self._machine.code(code)
        self._state.set_code(account, placed)

    def set_storage(self, of: Address, slot: int, value: int) -> None:
        self._state.set_slot(int(of, 16), slot, value)

    def snapshot(self) -> Position:
        """This place. Later snapshots are lost when an earlier one is returned to."""
        return Position(self._state.checkpoint(), self.position, self.gas_used, len(self.receipts))

    def revert(self, to: Position) -> None:
        length, _, _ = to.checkpoint
        self._state.begin()
        self._state.revert((length, 0, 0))
        self.position, self.gas_used = to.position, to.gas_used
        del self.receipts[to.receipts :]

    def receipts_root(self) -> Hash32:
        """Over the transactions so far."""
        return Hash32("0x" + receipts_root(self.receipts).hex())

    def logs_bloom(self) -> bytes:
        return bloom_of(log for receipt in self.receipts for log in receipt.logs).to_bytes(256)

    def _before_first(self) -> None:
        """What the protocol writes before the first transaction (EIP-4788, EIP-2935)."""
        header, held = self.block.header, self._state.accounts
        assert header is not None  # noqa: S101 - seen at the start
        if self.fork >= Fork.CANCUN and header.parent_beacon_root is not None and _BEACON_ROOTS in held:
            slot = header.timestamp % _ROOTS_KEPT
            self._state.set_slot(_BEACON_ROOTS, slot, header.timestamp)
            self._state.set_slot(_BEACON_ROOTS, slot + _ROOTS_KEPT, int(header.parent_beacon_root, 16))
        if self.fork >= Fork.PRAGUE and _BLOCK_HASHES in held:
            self._state.set_slot(_BLOCK_HASHES, (header.number - 1) % _HASHES_KEPT, int(header.parent_hash, 16))

    def _executed(self, result: Result) -> Executed:
        reason = ""
        if result.failure:
            reverted = result.failure == "reverted"
            reason = self.errors.explain(result.output) if reverted else f"halted: {result.failure}"
        created = None if result.created is None else Address(hex_address(result.created))
        fee = result.gas_used * result.gas_price_wei
        logs = tuple(_log(each, self.block.number, i) for i, each in enumerate(result.logs))
        return Executed(not result.failure, result.gas_used, result.output, reason, logs, fee, created)


def _message(tx: CallTx) -> Message:
    return Message(
        sender=int(tx.sender, 16),
        to=None if tx.to is None else int(tx.to, 16),
        data=tx.data,
        value_wei=tx.value_wei,
        gas_limit=tx.gas_limit,
        max_fee_wei=tx.max_fee_wei,
        priority_fee_wei=tx.priority_fee_wei,
        nonce=tx.nonce,
        access_list=tuple((int(account, 16), keys) for account, keys in tx.access_list),
    )


def _log(log: EvmLog, number: int, index: int) -> Log:
    topics = tuple(f"0x{topic:064x}" for topic in log.topics)
    return Log(address(log.address.to_bytes(20)), topics, log.data, number, _UNMINED, _UNMINED, 0, index)
