"""Instructions that see memory, state or the block, and whose gas depends on what they find."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from tallyio.chains.keccak import keccak256
from tallyio.simulation.evm.forks import Fork
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.evm.halt import Halt
from tallyio.simulation.evm.state import EvmLog

if TYPE_CHECKING:
    from tallyio.simulation.evm.machine import Machine

ADDRESS = (1 << 160) - 1
COLD_ACCOUNT, COLD_SLOT, WARM = 2_600, 2_100, 100
_STIPEND = 2_300


def words(size: int) -> int:
    return (size + 31) >> 5


def account_cost(machine: "Machine", address: int, before_berlin: int) -> int:
    """Gas for looking at an account (EIP-2929), which is warm from here on."""
    if machine.fork < Fork.BERLIN:
        return before_berlin
    return COLD_ACCOUNT if machine.state.warm_up(address) else WARM


def exp(machine: "Machine", frame: Frame) -> None:
    base, exponent = frame.stack.pop(), frame.stack.pop()
    frame.gas -= 50 * ((exponent.bit_length() + 7) // 8)
    frame.stack.append(pow(base, exponent, 1 << 256))


def keccak(machine: "Machine", frame: Frame) -> None:
    offset, size = frame.stack.pop(), frame.stack.pop()
    frame.gas -= 6 * words(size)
    frame.reach(offset, size)
    data = frame.read(offset, size)
    word = _word_of_pair(data) if size == 64 else int.from_bytes(keccak256(data))
    if machine.hashed is not None:
        machine.hashed[word] = data
    frame.stack.append(word)


@lru_cache(maxsize=1 << 15)
def _word_of_pair(data: bytes) -> int:
    """The slots of mappings: few pairs, hashed again and again."""
    return int.from_bytes(keccak256(data))


def balance(machine: "Machine", frame: Frame) -> None:
    address = frame.stack.pop() & ADDRESS
    frame.gas -= account_cost(machine, address, 700)
    frame.stack.append(machine.state.account(address).balance)


def self_balance(machine: "Machine", frame: Frame) -> None:
    frame.stack.append(machine.state.account(frame.address).balance)


def ext_code_size(machine: "Machine", frame: Frame) -> None:
    address = frame.stack.pop() & ADDRESS
    frame.gas -= account_cost(machine, address, 700)
    frame.stack.append(len(machine.state.account(address).code.raw))


def ext_code_hash(machine: "Machine", frame: Frame) -> None:
    address = frame.stack.pop() & ADDRESS
    frame.gas -= account_cost(machine, address, 700)
    account = machine.state.account(address)
    frame.stack.append(0 if account.empty else int.from_bytes(account.code.hash))


def _copy(frame: Frame, source: bytes | memoryview) -> None:
    to, start, size = frame.stack.pop(), frame.stack.pop(), frame.stack.pop()
    frame.gas -= 3 * words(size)
    if frame.gas < 0:
        raise Halt("out of gas")
    if size:
        frame.reach(to, size)
        piece = bytes(source[start : start + size])
        frame.memory[to : to + size] = piece + bytes(size - len(piece))


def call_data_copy(machine: "Machine", frame: Frame) -> None:
    _copy(frame, frame.data)


def code_copy(machine: "Machine", frame: Frame) -> None:
    _copy(frame, frame.code.raw)


def ext_code_copy(machine: "Machine", frame: Frame) -> None:
    address = frame.stack.pop() & ADDRESS
    frame.gas -= account_cost(machine, address, 700)
    _copy(frame, machine.state.account(address).code.raw)


def return_data_copy(machine: "Machine", frame: Frame) -> None:
    if frame.stack[-2] + frame.stack[-3] > len(frame.returned):
        raise Halt("read past the returned data")
    _copy(frame, frame.returned)


def memory_copy(machine: "Machine", frame: Frame) -> None:
    to, start, size = frame.stack.pop(), frame.stack.pop(), frame.stack.pop()
    frame.gas -= 3 * words(size)
    if size:
        frame.reach(max(to, start), size)
        frame.memory[to : to + size] = frame.memory[start : start + size]


def store_byte(machine: "Machine", frame: Frame) -> None:
    at, word = frame.stack.pop(), frame.stack.pop()
    frame.reach(at, 1)
    frame.memory[at] = word & 0xFF


def block_hash(machine: "Machine", frame: Frame) -> None:
    number = frame.stack.pop()
    known = machine.block.number - 256 <= number < machine.block.number
    frame.stack.append(machine.state.block_hash(number) if known else 0)


def blob_hash(machine: "Machine", frame: Frame) -> None:
    at = frame.stack.pop()
    frame.stack.append(machine.blob_hashes[at] if at < len(machine.blob_hashes) else 0)


def load(machine: "Machine", frame: Frame) -> None:
    slot = (frame.address, frame.stack.pop())
    if machine.fork < Fork.BERLIN:
        frame.gas -= 800
    else:
        frame.gas -= COLD_SLOT if machine.state.warm_up_slot(slot) else WARM
    if frame.gas < 0:
        raise Halt("out of gas")
    frame.stack.append(machine.state.slot(*slot))


def store(machine: "Machine", frame: Frame) -> None:
    """EIP-2200, EIP-2929, EIP-3529."""
    if frame.static:
        raise Halt("write in a static call")
    if frame.gas <= _STIPEND:
        raise Halt("out of gas")
    state, slot, value = machine.state, (frame.address, frame.stack.pop()), frame.stack.pop()
    rules = machine.store_gas
    if machine.fork >= Fork.BERLIN and state.warm_up_slot(slot):
        frame.gas -= COLD_SLOT
    if frame.gas < 0:
        raise Halt("out of gas")
    current = state.slot(*slot)
    original = state.originals.setdefault(slot, current)
    if value == current:
        frame.gas -= rules.load
        return
    if current == original:
        frame.gas -= 20_000 if original == 0 else rules.reset
        if original and value == 0:
            state.refund += rules.clears
    else:
        frame.gas -= rules.load
        if original:
            if current == 0:
                state.refund -= rules.clears
            elif value == 0:
                state.refund += rules.clears
        if value == original:
            state.refund += (20_000 if original == 0 else rules.reset) - rules.load
    if frame.gas < 0:
        raise Halt("out of gas")
    state.set_slot(*slot, value)


def transient_load(machine: "Machine", frame: Frame) -> None:
    frame.stack.append(machine.state.transient.get((frame.address, frame.stack.pop()), 0))


def transient_store(machine: "Machine", frame: Frame) -> None:
    if frame.static:
        raise Halt("write in a static call")
    machine.state.set_transient((frame.address, frame.stack.pop()), frame.stack.pop())


def log(topics: int) -> Callable[["Machine", Frame], None]:
    def emit(machine: "Machine", frame: Frame) -> None:
        if frame.static:
            raise Halt("write in a static call")
        pop = frame.stack.pop
        offset, size = pop(), pop()
        frame.gas -= 8 * size
        frame.reach(offset, size)
        if frame.gas < 0:
            raise Halt("out of gas")
        entries = tuple([pop() for _ in range(topics)])
        machine.state.logs.append(EvmLog(frame.address, entries, frame.read(offset, size)))

    return emit


def self_destruct(machine: "Machine", frame: Frame) -> None:
    """EIP-161, EIP-2929, EIP-3529, EIP-6780."""
    if frame.static:
        raise Halt("write in a static call")
    state, to = machine.state, frame.stack.pop() & ADDRESS
    account = state.account(frame.address)
    amount = account.balance
    if machine.fork >= Fork.BERLIN and state.warm_up(to):
        frame.gas -= COLD_ACCOUNT
    if amount and state.account(to).empty:
        frame.gas -= 25_000
    if frame.gas < 0:
        raise Halt("out of gas")
    state.move(frame.address, to, amount)
    if machine.fork >= Fork.CANCUN and frame.address not in state.created:
        return
    if machine.fork < Fork.LONDON and frame.address not in state.destroyed:
        state.refund += 24_000
    state.mark(state.destroyed, frame.address)
    state.set_balance(account, 0)
    if to != frame.address and machine.tracer is not None:
        machine.tracer.destroyed(frame, to, amount)
