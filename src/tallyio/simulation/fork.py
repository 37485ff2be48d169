"""The local EVM at a block: transactions run in sequence on its state, as they would in the next block."""

from collections.abc import Iterable

import msgspec

from tallyio.chains.fees import effective_gas_price
from tallyio.chains.jsonrpc import RpcError
from tallyio.core.chain import BlockRef, Log
from tallyio.core.units import ZERO_ADDRESS, Address, Hash32
from tallyio.simulation import machine
from tallyio.simulation.guards import check_surroundings, floor_gas, intrinsic_gas, watched_opcodes
from tallyio.simulation.machine import Ran, Touched
from tallyio.simulation.memory import AccessMemory
from tallyio.simulation.opcodes import GASPRICE, NAMES, poisoned, reachable
from tallyio.simulation.records import BlockEnv, CallTx, Executed, InexactError, NotIncludableError
from tallyio.simulation.revert import Errors
from tallyio.simulation.state import Account, Node, Slot, State

_ROUNDS = 256
"""Each round finds at least one slot more; a liquidation on a cold memory needs about 60."""
_UNMINED = Hash32("0x" + "00" * 32)


class Simulator:
    """Forks over one node, sharing code and the memory of what runs touch."""

    def __init__(self, rpc_url: str, timeout_s: float = 5.0, errors: Iterable[str] = ()) -> None:
        self.node = Node(rpc_url, timeout_s)
        self.memory = AccessMemory()
        self.errors = Errors(errors)

    def fork(self, block: BlockRef, env: BlockEnv) -> "Fork":
        return Fork(self, block, env)

    def close(self) -> None:
        self.node.rpc.close()


class Fork:
    """The state of ``block`` under the block environment ``env``, usually that of its child.

    ``run`` keeps the effects of what it ran; ``snapshot`` and ``revert`` take them back. What a run reads and the fork
    does not hold yet is fetched as of the block's hash and the run repeated until nothing is missing, so that no
    unfetched slot ever counts as zero. All methods block and take turns on one node: call them from a worker
    thread (``asyncio.to_thread``); any thread will do.

    Raised everywhere: ``OutOfReachError`` when the node does not answer or no longer knows the block;
    ``NotIncludableError`` for a transaction that no block could hold; ``InexactError`` for a call that depends on
    what this EVM cannot reproduce (``simulation.guards`` lists it).
    """

    def __init__(self, simulator: Simulator, block: BlockRef, env: BlockEnv) -> None:
        self._simulator = simulator
        self._state = State(simulator.node, block)
        self.block = block
        self.env = env

    @classmethod
    def open(cls, rpc_url: str, block: BlockRef, env: BlockEnv) -> "Fork":
        """A fork with a connection of its own. Prefer ``Simulator.fork``, which keeps code across blocks."""
        return Simulator(rpc_url).fork(block, env)

    def close(self) -> None:
        """Close the connection; it opens again when needed."""
        self._simulator.close()

    def run(self, tx: CallTx) -> Executed:
        """Run a transaction as the next one of the block and keep its effects."""
        with self._simulator.node.lock:
            self._state.load({tx.sender, self.env.coinbase}, set())
            sender = self._state.account(tx.sender)
            price = self._includable(tx, sender)
            ran = self._complete(tx, price, _charged(sender, tx, price))
            gas_used = max(ran.gas_used, floor_gas(tx, self.env))
            self._keep(ran, tx, price, gas_used)
        return self._executed(ran, gas_used, price)

    def call(self, to: Address, data: bytes, sender: Address = ZERO_ADDRESS) -> Executed:
        """A read at this point of the sequence, free of gas; nothing is kept."""
        tx = CallTx(sender=sender, to=to, data=data, gas_limit=self.env.gas_limit)
        with self._simulator.node.lock:
            self._state.load({sender, self.env.coinbase}, set())
            ran = self._complete(tx, 0, self._state.account(sender))
        return self._executed(ran, ran.gas_used, 0)

    def balance(self, of: Address) -> int:
        """In wei, at this point of the sequence."""
        return self._account(of).balance

    def nonce(self, of: Address) -> int:
        return self._account(of).nonce

    def storage(self, of: Address, slot: int) -> int:
        with self._simulator.node.lock:
            self._state.load({of}, {(of, slot)})
            return self._state.slot((of, slot))

    def reads(self, to: Address, data: bytes) -> frozenset[Slot]:
        """The slots, of any contract, that a read looks at."""
        tx = CallTx(sender=ZERO_ADDRESS, to=to, data=data, gas_limit=self.env.gas_limit)
        with self._simulator.node.lock:
            self._state.load({tx.sender, self.env.coinbase}, set())
            return self._complete(tx, 0, self._state.account(tx.sender)).slots_read

    def set_balance(self, of: Address, balance_wei: int) -> None:
        """From here on, as if the chain had it so."""
        account = msgspec.structs.replace(self._account(of), balance=balance_wei)
        self._state.write({of: account}, {})

    def set_storage(self, of: Address, slot: int, value: int) -> None:
        """From here on, as if the chain had it so."""
        self.storage(of, slot)
        self._state.write({}, {(of, slot): value})

    def snapshot(self) -> object:
        """A point to which ``revert`` can return, any number of times."""
        return self._state.snapshot()

    def revert(self, snapshot: object) -> None:
        self._state.revert(snapshot)  # type: ignore[arg-type]

    def _account(self, of: Address) -> Account:
        with self._simulator.node.lock:
            self._state.load({of}, set())
            return self._state.account(of)

    def _includable(self, tx: CallTx, sender: Account) -> int:
        """The price per gas that ``tx`` pays in this block."""
        who = f"a transaction of {tx.sender}"
        price = effective_gas_price(self.env.base_fee_wei, tx.max_fee_wei, tx.priority_fee_wei)
        if tx.nonce is not None and tx.nonce != sender.nonce:
            raise NotIncludableError(f"{who} has nonce {tx.nonce}, expected {sender.nonce}")
        if tx.max_fee_wei < self.env.base_fee_wei:
            raise NotIncludableError(f"{who} pays at most {tx.max_fee_wei} per gas, below {self.env.base_fee_wei}")
        if tx.priority_fee_wei > tx.max_fee_wei:
            raise NotIncludableError(f"{who} tips {tx.priority_fee_wei} per gas, above its own maximum")
        if tx.gas_limit > self.env.gas_limit:
            raise NotIncludableError(f"{who} asks for {tx.gas_limit} gas, the block has {self.env.gas_limit}")
        least = max(intrinsic_gas(tx), floor_gas(tx, self.env))
        if tx.gas_limit < least:
            raise NotIncludableError(f"{who} asks for {tx.gas_limit} gas, its data alone needs {least}")
        needed = tx.gas_limit * tx.max_fee_wei + tx.value_wei
        if sender.balance < needed:
            raise NotIncludableError(f"{who} may cost {needed} wei, its balance is {sender.balance}")
        if sender.code:
            raise InexactError(f"the sender {tx.sender} has code (EIP-7702)")
        return price

    def _complete(self, tx: CallTx, price: int, sender: Account) -> Ran:
        """Run until the machine held all that the run read."""
        accounts, slots = self._simulator.memory.predict(tx)
        accounts |= {tx.sender, self.env.coinbase, *(account for account, _ in tx.access_list)}
        accounts |= {tx.to} if tx.to is not None else set()
        slots |= {(account, key) for account, keys in tx.access_list for key in keys}
        self._state.load(accounts, slots)
        asked = False
        for _ in range(_ROUNDS):
            ran = self._machine(tx, price, sender, accounts, slots)
            if ran.accounts_read <= accounts and ran.slots_read <= slots:
                self._check_exact(ran, tx, price, sender, accounts, slots)
                self._simulator.memory.learn(tx, *_used(ran))
                return ran
            accounts |= ran.accounts_read
            slots |= ran.slots_read
            if not asked and not self._state.knows(accounts, slots):
                asked = True
                more_accounts, more_slots = self._access_list(tx)
                accounts |= more_accounts
                slots |= more_slots
            self._state.load(accounts, slots)
        raise InexactError(f"the call of {tx.to} still read new state after {_ROUNDS} runs")

    def _machine(
        self,
        tx: CallTx,
        price: int,
        sender: Account,
        accounts: set[Address],
        slots: set[Slot],
        watched: frozenset[int] = frozenset(),
    ) -> Ran:
        held = {address: self._state.account(address) for address in accounts}
        held[tx.sender] = sender
        if watched:
            held = {
                address: msgspec.structs.replace(account, code=poisoned(account.code, watched))
                for address, account in held.items()
            }
        shown = price if self._pays_twice(tx, price, sender) else 0
        return machine.run(self.env, tx, shown, held, {slot: self._state.slot(slot) for slot in slots})

    def _check_exact(
        self, ran: Ran, tx: CallTx, price: int, sender: Account, accounts: set[Address], slots: set[Slot]
    ) -> None:
        if ran.block_hashes_read:
            raise InexactError(f"the call of {tx.to} executes BLOCKHASH")
        touched = {address: self._state.account(address) for address in ran.accounts_read}
        check_surroundings(self.env, touched)
        watched = watched_opcodes(self.env)
        if price and not self._pays_twice(tx, price, sender):
            watched |= {GASPRICE}
        suspects = _may_execute((account.code for account in touched.values()), watched)
        new = (after.account.code for address, after in ran.touched.items() if _new_code(after, touched.get(address)))
        if unprovable := _may_execute([*new, tx.data if tx.to is None else b""], watched):
            raise InexactError(f"contracts that the call deploys may execute {_names(unprovable)}")
        if suspects and not ran.same_as(self._machine(tx, price, sender, accounts, slots, suspects)):
            raise InexactError(f"the call of {tx.to} executes {_names(suspects)}")

    @staticmethod
    def _pays_twice(tx: CallTx, price: int, sender: Account) -> bool:
        """The machine checks that the sender can pay for the gas, though here it has paid already. A sender that
        cannot pay twice, or that deploys, runs at no price, which only GASPRICE could tell.
        """
        return tx.to is not None and sender.balance >= tx.gas_limit * price + tx.value_wei

    def _access_list(self, tx: CallTx) -> tuple[set[Address], set[Slot]]:
        """The node's guess at what ``tx`` touches on the state of the block; nothing where it cannot say."""
        request = {
            "from": tx.sender,
            "data": "0x" + tx.data.hex(),
            "gas": hex(tx.gas_limit),
            "value": hex(tx.value_wei),
        }
        if tx.to is not None:
            request["to"] = tx.to
        try:
            answer = self._simulator.node.rpc.call("eth_createAccessList", [request, {"blockHash": self.block.hash}])
            entries = [(Address(e["address"].lower()), e["storageKeys"]) for e in answer["accessList"]]
        except (RpcError, KeyError, TypeError, AttributeError):
            return set(), set()
        return {a for a, _ in entries}, {(a, int(key, 16)) for a, keys in entries for key in keys}

    def _keep(self, ran: Ran, tx: CallTx, price: int, gas_used: int) -> None:
        accounts = {address: touched.account for address, touched in ran.touched.items()}
        slots = {(a, slot): value for a, touched in ran.touched.items() for slot, value in touched.slots.items()}
        before = self._state.account(tx.sender)
        sender = accounts.get(tx.sender) if ran.success else None
        if sender is None:
            nonce = before.nonce + 1
            sender = msgspec.structs.replace(_charged(before, tx, price), nonce=nonce)
        if not ran.success:
            accounts, slots = {}, {}
        refund = (tx.gas_limit - gas_used) * price
        accounts[tx.sender] = msgspec.structs.replace(sender, balance=sender.balance + refund)
        coinbase = accounts.get(self.env.coinbase) or self._state.account(self.env.coinbase)
        tip = (price - self.env.base_fee_wei) * gas_used
        accounts[self.env.coinbase] = msgspec.structs.replace(coinbase, balance=coinbase.balance + tip)
        self._state.write(accounts, slots)

    def _executed(self, ran: Ran, gas_used: int, price: int) -> Executed:
        reason = "" if ran.success else ran.halt or self._simulator.errors.explain(ran.output)
        logs = tuple(
            Log(Address(address), topics, data, self.env.number, _UNMINED, _UNMINED, 0, i)
            for i, (address, topics, data) in enumerate(ran.logs)
        )
        return Executed(ran.success, gas_used, ran.output, reason, logs, gas_used * price, ran.created)


def _charged(sender: Account, tx: CallTx, price: int) -> Account:
    """The sender as the execution sees it: the whole gas limit paid, the nonce raised (a creation raises its own)."""
    return msgspec.structs.replace(
        sender,
        balance=sender.balance - tx.gas_limit * price,
        nonce=sender.nonce + (tx.to is not None),
    )


def _used(ran: Ran) -> tuple[frozenset[Address], frozenset[Slot]]:
    """What the run itself loaded, without what it was given in vain, so that predictions do not swell."""
    slots = frozenset((address, slot) for address, touched in ran.touched.items() for slot in touched.loaded)
    return frozenset(ran.touched), slots


def _new_code(after: Touched, before: Account | None) -> bool:
    return before is None or after.account.code_hash != before.code_hash


def _may_execute(codes: Iterable[bytes], watched: frozenset[int]) -> frozenset[int]:
    return frozenset(op for code in codes for op in reachable(code)) & watched


def _names(opcodes: Iterable[int]) -> str:
    return " or ".join(sorted(NAMES[op] for op in opcodes))
