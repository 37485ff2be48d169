"""Calls and creations: what opens a frame, and what its end gives back to the parent.

Sources: Yellow Paper sections 7 and 8; EIP-150 (63/64), 161, 170, 684, 1014, 2929, 3541, 3860, 7702.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import rlp  # type: ignore[import-untyped]

from tallyio.chains.keccak import keccak256
from tallyio.simulation.evm.code import EMPTY_CODE
from tallyio.simulation.evm.forks import Fork
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.evm.halt import Halt
from tallyio.simulation.evm.host import ADDRESS, account_cost, words

if TYPE_CHECKING:
    from tallyio.simulation.evm.machine import Machine

_MOST_DEEP = 1_024
_STIPEND = 2_300
_MOST_NONCE = 2**64 - 1
MOST_CODE, MOST_INIT_CODE = 24_576, 49_152
DELEGATION = bytes.fromhex("ef0100")

Opener = Callable[["Machine", Frame], Frame | None]


def opener(kind: str) -> Opener:
    """CALL, CALLCODE, DELEGATECALL or STATICCALL."""
    has_value, keeps_storage = kind in ("CALL", "CALLCODE"), kind in ("CALLCODE", "DELEGATECALL")

    def call(machine: "Machine", frame: Frame) -> Frame | None:
        state, pop = machine.state, frame.stack.pop
        asked, target = pop(), pop() & ADDRESS
        value = pop() if has_value else 0
        offset, size, out_offset, out_size = pop(), pop(), pop(), pop()
        if frame.static and value and kind == "CALL":
            raise Halt("value in a static call")
        frame.reach(offset, size)
        frame.reach(out_offset, out_size)
        frame.gas -= account_cost(machine, target, 700)
        if value:
            frame.gas -= 9_000
            if kind == "CALL" and state.account(target).empty:
                frame.gas -= 25_000
        code, extra = machine.code_behind(target)
        frame.gas -= extra
        if frame.gas < 0:
            raise Halt("out of gas")
        gas = min(asked, frame.gas - frame.gas // 64)
        frame.gas -= gas
        if value:
            gas += _STIPEND
        frame.returned = b""
        if frame.depth >= _MOST_DEEP or (value and state.account(frame.address).balance < value):
            frame.gas += gas
            frame.stack.append(0)
            return None
        child = Frame(
            kind,
            code,
            target,
            frame.address if keeps_storage else target,
            frame.caller if kind == "DELEGATECALL" else frame.address,
            frame.value if kind == "DELEGATECALL" else value,
            frame.read(offset, size),
            gas,
            frame.depth + 1,
            frame.static or kind == "STATICCALL",
            state.checkpoint(),
            (out_offset, out_size),
        )
        if kind == "CALL":
            state.move(frame.address, target, value)
        return child

    return call


def creator(kind: str) -> Opener:
    """CREATE or CREATE2."""

    def create(machine: "Machine", frame: Frame) -> Frame | None:
        if frame.static:
            raise Halt("creation in a static call")
        state, pop = machine.state, frame.stack.pop
        value, offset, size = pop(), pop(), pop()
        salt = pop() if kind == "CREATE2" else 0
        frame.reach(offset, size)
        if machine.fork >= Fork.SHANGHAI:
            if size > MOST_INIT_CODE:
                raise Halt("init code too long")
            frame.gas -= 2 * words(size)
        if kind == "CREATE2":
            frame.gas -= 6 * words(size)
        if frame.gas < 0:
            raise Halt("out of gas")
        gas = frame.gas - frame.gas // 64
        frame.returned = b""
        account = state.account(frame.address)
        if frame.depth >= _MOST_DEEP or account.balance < value or account.nonce >= _MOST_NONCE:
            frame.stack.append(0)
            return None
        frame.gas -= gas
        init = frame.read(offset, size)
        if kind == "CREATE2":
            seed = b"\xff" + frame.address.to_bytes(20) + salt.to_bytes(32) + keccak256(init)
            address = int.from_bytes(keccak256(seed)[12:])
        else:
            address = created_address(frame.address, account.nonce)
        state.set_nonce(account, account.nonce + 1)
        child = open_creation(machine, kind, frame.address, address, value, init, gas, frame.depth + 1)
        if child is None:
            frame.stack.append(0)
        return child

    return create


def created_address(creator_address: int, nonce: int) -> int:
    return int.from_bytes(keccak256(bytes(rlp.encode([creator_address.to_bytes(20), nonce])))[12:])


def open_creation(
    machine: "Machine", kind: str, sender: int, address: int, value: int, init: bytes, gas: int, depth: int
) -> Frame | None:
    """The frame of the init code; None where the address is taken, which costs all of ``gas`` (EIP-684)."""
    state = machine.state
    if machine.fork >= Fork.BERLIN:
        state.warm_up(address)
    account = state.account(address)
    if account.nonce or account.code.raw:
        return None
    checkpoint = state.checkpoint()
    state.clear_storage(account)
    state.set_nonce(account, 1)
    state.mark(state.created, address)
    state.move(sender, address, value)
    code = machine.init_code(init)
    return Frame(kind, code, address, address, sender, value, b"", gas, depth, False, checkpoint, created=address)


def deposit(machine: "Machine", frame: Frame) -> None:
    """Store what the init code returned. Raises ``Halt`` where it may not be stored."""
    raw = frame.output
    if len(raw) > MOST_CODE:
        raise Halt("code too long")
    if machine.fork >= Fork.LONDON and raw[:1] == b"\xef":
        raise Halt("code starts with 0xef")
    if frame.gas < 200 * len(raw):
        raise Halt("out of gas")
    frame.gas -= 200 * len(raw)
    account = machine.state.account(frame.address)
    machine.state.set_code(account, machine.code(raw) if raw else EMPTY_CODE)
    frame.output = b""
