"""What every byte of code means under a fork: what the interpreter does with it, its fixed gas, its stack effect."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from tallyio.simulation.evm import code as op
from tallyio.simulation.evm import host
from tallyio.simulation.evm.calls import creator, opener
from tallyio.simulation.evm.code import Entry
from tallyio.simulation.evm.forks import Fork
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.evm.pure import PURE, clz

if TYPE_CHECKING:
    from tallyio.simulation.evm.machine import Machine

Table = list[Entry | None]
Reader = Callable[["Machine", Frame], int]

_LOOP = {
    0x00: (op.STOP, 0, 0, 0),
    0x01: (op.ADD, 3, 2, 1),
    0x02: (op.MUL, 5, 2, 1),
    0x03: (op.SUB, 3, 2, 1),
    0x04: (op.DIV, 5, 2, 1),
    0x10: (op.LT, 3, 2, 1),
    0x11: (op.GT, 3, 2, 1),
    0x14: (op.EQ, 3, 2, 1),
    0x15: (op.ISZERO, 3, 1, 1),
    0x16: (op.AND, 3, 2, 1),
    0x17: (op.OR, 3, 2, 1),
    0x19: (op.NOT, 3, 1, 1),
    0x1B: (op.SHL, 3, 2, 1),
    0x1C: (op.SHR, 3, 2, 1),
    0x35: (op.LOAD, 3, 1, 1),
    0x50: (op.POP, 2, 1, 0),
    0x51: (op.MLOAD, 3, 1, 1),
    0x52: (op.MSTORE, 3, 2, 0),
    0x56: (op.JUMP, 8, 1, 0),
    0x57: (op.JUMP_IF_ANY, 10, 2, 0),
    0x58: (op.PUSH, 2, 0, 1),
    0x5A: (op.GAS, 2, 0, 1),
    0x5B: (op.PUSH, 1, 0, 0),
    0xF3: (op.RETURN, 0, 2, 0),
    0xFD: (op.REVERT, 0, 2, 0),
}
_HOST = {
    0x0A: (host.exp, 10, 2, 1),
    0x20: (host.keccak, 30, 2, 1),
    0x31: (host.balance, 0, 1, 1),
    0x37: (host.call_data_copy, 3, 3, 0),
    0x39: (host.code_copy, 3, 3, 0),
    0x3B: (host.ext_code_size, 0, 1, 1),
    0x3C: (host.ext_code_copy, 0, 4, 0),
    0x3E: (host.return_data_copy, 3, 3, 0),
    0x3F: (host.ext_code_hash, 0, 1, 1),
    0x40: (host.block_hash, 20, 1, 1),
    0x47: (host.self_balance, 5, 0, 1),
    0x53: (host.store_byte, 3, 2, 0),
    0x54: (host.load, 0, 1, 1),
    0x55: (host.store, 0, 2, 0),
    0xFF: (host.self_destruct, 5_000, 1, 0),
}
_OPENERS = {
    0xF0: (creator("CREATE"), 32_000, 3, 1),
    0xF1: (opener("CALL"), 0, 7, 1),
    0xF2: (opener("CALLCODE"), 0, 7, 1),
    0xF4: (opener("DELEGATECALL"), 0, 6, 1),
    0xF5: (creator("CREATE2"), 32_000, 4, 1),
    0xFA: (opener("STATICCALL"), 0, 6, 1),
}


@cache
def table(fork: Fork) -> Table:
    """256 entries; None is an invalid opcode."""
    entries: Table = [None] * 256
    for opcode, (kind, gas, takes, leaves) in _LOOP.items():
        entries[opcode] = (kind, gas, takes, leaves, None)
    for opcode, (pure, gas, takes) in PURE.items():
        entries[opcode] = (op.PURE, gas, takes, 1, pure)
    for opcode, (function, gas, takes, leaves) in (_HOST | _since(fork)).items():
        entries[opcode] = (op.HOST, gas, takes, leaves, function)
    for opcode, (open_, gas, takes, leaves) in _OPENERS.items():
        entries[opcode] = (op.CALL, gas, takes, leaves, open_)
    for opcode, read in _readers(fork).items():
        entries[opcode] = (op.FRAME, 2, 0, 1, read)
    for n in range(1, 33):
        entries[0x5F + n] = (op.PUSH, 3, 0, 1, None)
    for n in range(1, 17):
        entries[0x7F + n] = (op.DUP, 3, n, n + 1, -n)
        entries[0x8F + n] = (op.SWAP, 3, n + 1, n + 1, -n - 1)
    for n in range(5):
        entries[0xA0 + n] = (op.HOST, 375 * (n + 1), n + 2, 0, host.log(n))
    if fork >= Fork.OSAKA:
        entries[0x1E] = (op.PURE, 5, 1, 1, clz)
    return entries


def _since(fork: Fork) -> dict[int, tuple[Callable[..., None], int, int, int]]:
    if fork < Fork.CANCUN:
        return {}
    return {
        0x49: (host.blob_hash, 3, 1, 1),
        0x5C: (host.transient_load, 100, 1, 1),
        0x5D: (host.transient_store, 100, 2, 0),
        0x5E: (host.memory_copy, 3, 3, 0),
    }


def _readers(fork: Fork) -> dict[int, Reader]:
    readers: dict[int, Reader] = {
        0x30: lambda machine, frame: frame.address,
        0x32: lambda machine, frame: machine.origin,
        0x33: lambda machine, frame: frame.caller,
        0x34: lambda machine, frame: frame.value,
        0x36: lambda machine, frame: len(frame.data),
        0x38: lambda machine, frame: len(frame.code.raw),
        0x3A: lambda machine, frame: machine.gas_price,
        0x3D: lambda machine, frame: len(frame.returned),
        0x41: lambda machine, frame: machine.block.coinbase,
        0x42: lambda machine, frame: machine.block.time,
        0x43: lambda machine, frame: machine.block.number,
        0x44: lambda machine, frame: machine.block.random,
        0x45: lambda machine, frame: machine.block.gas_limit,
        0x46: lambda machine, frame: machine.block.chain_id,
        0x59: lambda machine, frame: len(frame.memory),
    }
    if fork >= Fork.LONDON:
        readers[0x48] = lambda machine, frame: machine.block.base_fee
    if fork >= Fork.SHANGHAI:
        readers[0x5F] = lambda machine, frame: 0
    if fork >= Fork.CANCUN:
        readers[0x4A] = lambda machine, frame: machine.block.blob_base_fee
    return readers
