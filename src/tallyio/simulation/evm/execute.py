"""A whole transaction: what it must pay before, what it runs, what it gets back (Yellow Paper, section 6).

Sources: EIP-1559, 2028, 2681, 2929, 2930, 3529, 3607, 3651, 3860, 4844, 7623, 7702, 7825.
"""

import msgspec

from tallyio.simulation.evm.authorization import Authorization, delegate_all
from tallyio.simulation.evm.calls import DELEGATION, MOST_INIT_CODE, created_address, open_creation
from tallyio.simulation.evm.forks import Fork
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.evm.host import words
from tallyio.simulation.evm.machine import Ended, Machine
from tallyio.simulation.evm.state import Account, EvmLog, hex_address
from tallyio.simulation.records import NotIncludableError

_BLOB_GAS = 131_072
_MOST_GAS = 1 << 24  # EIP-7825
_NEW_ACCOUNT = 25_000


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction as the machine takes it; addresses are words, ``to`` None creates.

    ``nonce`` None takes the sender's next. A legacy transaction has both fees at its gas price.
    """

    sender: int
    to: int | None
    data: bytes
    value_wei: int
    gas_limit: int
    max_fee_wei: int
    priority_fee_wei: int
    nonce: int | None = None
    access_list: tuple[tuple[int, tuple[int, ...]], ...] = ()
    max_blob_fee_wei: int = 0
    blob_hashes: tuple[int, ...] = ()
    authorizations: tuple[Authorization, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """``failure`` is empty, ``reverted`` or the reason of the halt. ``tip_wei`` reached the coinbase as a fee."""

    gas_used: int
    output: bytes
    failure: str
    logs: tuple[EvmLog, ...]
    created: int | None
    gas_price_wei: int
    tip_wei: int


def execute(machine: Machine, message: Message, *, mined: bool = False) -> Result:
    """Run ``message`` as the next transaction and keep its effects.

    ``mined``: a block holds it already, so that the cap on a transaction's gas (EIP-7825) is not asked: development
    chains do not keep it.

    Raises ``NotIncludableError`` for one that no block of this fork could hold; nothing has changed then.
    """
    state, block, fork = machine.state, machine.block, machine.fork
    sender = state.account(message.sender)
    price = _price(machine, message)
    least = intrinsic_gas(fork, message)
    blob_fee = block.blob_base_fee * _BLOB_GAS * len(message.blob_hashes)
    _check(machine, message, sender, least, mined)
    state.begin()
    machine.origin, machine.gas_price = message.sender, price
    machine.blob_hashes = message.blob_hashes
    nonce = sender.nonce
    state.set_balance(sender, sender.balance - message.gas_limit * price - blob_fee)
    state.set_nonce(sender, nonce + 1)
    _warm_up(machine, message)
    delegated = delegate_all(machine, message.authorizations)
    ended, created = _run(machine, message, nonce, message.gas_limit - least)
    gas_used = message.gas_limit - ended.gas_left
    refund = delegated + (0 if ended.failure else state.refund)
    gas_used -= min(refund, gas_used // (2 if fork < Fork.LONDON else 5))
    gas_used = max(gas_used, floor_gas(fork, message.data))
    sender = state.account(message.sender)
    state.set_balance(sender, sender.balance + (message.gas_limit - gas_used) * price)
    tip = gas_used * (price - block.base_fee)
    coinbase = state.account(block.coinbase)
    state.set_balance(coinbase, coinbase.balance + tip)
    logs = tuple(state.logs)
    state.settle()
    return Result(gas_used, ended.output, ended.failure, logs, created, price, tip)


def call(machine: Machine, message: Message) -> Result:
    """What ``message`` would do, at no price and without a check of the sender; nothing is kept."""
    state = machine.state
    state.begin()
    checkpoint = state.checkpoint()
    machine.origin, machine.gas_price = message.sender, 0
    machine.blob_hashes = message.blob_hashes
    _warm_up(machine, message)
    ended, created = _run(machine, message, state.account(message.sender).nonce, message.gas_limit)
    logs = tuple(state.logs)
    state.revert(checkpoint)
    return Result(message.gas_limit - ended.gas_left, ended.output, ended.failure, logs, created, 0, 0)


def intrinsic_gas(fork: Fork, message: Message) -> int:
    """Gas before the first instruction."""
    data = message.data
    zeros = data.count(0)
    gas = 21_000 + 4 * zeros + 16 * (len(data) - zeros)
    gas += sum(2_400 + 1_900 * len(keys) for _, keys in message.access_list)
    gas += _NEW_ACCOUNT * len(message.authorizations)
    if message.to is None:
        gas += 32_000 + (2 * words(len(data)) if fork >= Fork.SHANGHAI else 0)
    return gas


def floor_gas(fork: Fork, data: bytes) -> int:
    """The least that a transaction pays for its calldata (EIP-7623)."""
    if fork < Fork.PRAGUE:
        return 0
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))


def _price(machine: Machine, message: Message) -> int:
    base = machine.block.base_fee
    return min(message.max_fee_wei, base + message.priority_fee_wei)


def _check(machine: Machine, message: Message, sender: Account, least: int, mined: bool) -> None:
    block, fork = machine.block, machine.fork
    who = f"a transaction of {hex_address(message.sender)}"
    if message.nonce is not None and message.nonce != sender.nonce:
        raise NotIncludableError(f"{who} has nonce {message.nonce}, expected {sender.nonce}")
    if message.max_fee_wei < block.base_fee:
        raise NotIncludableError(f"{who} pays at most {message.max_fee_wei} per gas, below {block.base_fee}")
    if message.priority_fee_wei > message.max_fee_wei:
        raise NotIncludableError(f"{who} tips {message.priority_fee_wei} per gas, above its own maximum")
    capped = fork >= Fork.OSAKA and not mined
    if message.gas_limit > block.gas_limit or (capped and message.gas_limit > _MOST_GAS):
        raise NotIncludableError(f"{who} asks for {message.gas_limit} gas, more than a block may give it")
    if message.gas_limit < max(least, floor_gas(fork, message.data)):
        raise NotIncludableError(f"{who} asks for {message.gas_limit} gas, its data alone needs more")
    if message.blob_hashes and message.max_blob_fee_wei < block.blob_base_fee:
        raise NotIncludableError(f"{who} pays at most {message.max_blob_fee_wei} per blob gas, below the block's fee")
    if message.to is None and fork >= Fork.SHANGHAI and len(message.data) > MOST_INIT_CODE:
        raise NotIncludableError(f"{who} deploys init code of {len(message.data)} bytes, at most {MOST_INIT_CODE} may")
    needed = message.gas_limit * message.max_fee_wei + message.value_wei
    needed += message.max_blob_fee_wei * _BLOB_GAS * len(message.blob_hashes)
    if sender.balance < needed:
        absent = ", and the pre-state lacks that account" if message.sender in machine.state.absent else ""
        raise NotIncludableError(f"{who} may cost {needed} wei, its balance is {sender.balance}{absent}")
    if fork >= Fork.LONDON and sender.code.raw and not (fork >= Fork.PRAGUE and sender.code.raw[:3] == DELEGATION):
        raise NotIncludableError(f"{who} comes from a contract (EIP-3607)")


def _warm_up(machine: Machine, message: Message) -> None:
    state = machine.state
    state.warm.update(machine.precompiles, (message.sender,))
    if message.to is not None:
        state.warm.add(message.to)
    if machine.fork >= Fork.SHANGHAI:
        state.warm.add(machine.block.coinbase)
    for address, keys in message.access_list:
        state.warm.add(address)
        state.warm_slots.update((address, key) for key in keys)


def _run(machine: Machine, message: Message, nonce: int, gas: int) -> tuple[Ended, int | None]:
    state = machine.state
    if message.to is None:
        created = created_address(message.sender, nonce)
        frame = open_creation(machine, "CREATE", message.sender, created, message.value_wei, message.data, gas, 0)
        if frame is None:
            return Ended(0, b"", "the address is taken"), None
        ended = machine.run(frame)
        return ended, None if ended.failure else created
    code, _ = machine.code_behind(message.to)
    checkpoint = state.checkpoint()
    sender, to, value = message.sender, message.to, message.value_wei
    if state.account(sender).balance < value:
        return Ended(gas, b"", "the sender's balance is below the value"), None
    state.move(sender, to, value)
    return machine.run(Frame("CALL", code, to, to, sender, value, message.data, gas, 0, False, checkpoint)), None
