"""What every byte of code means under a fork: what the interpreter does with it, its fixed gas, its stack effect."""

from collections.abc import Callable
from typing import Any

from tallyio.simulation.evm import code as op
from tallyio.simulation.evm import host
from tallyio.simulation.evm.calls import creator, opener
from tallyio.simulation.evm.code import Entry
from tallyio.simulation.evm.forks import Fork
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.evm.pure import PURE, clz

Table = list[Entry | None]

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


class Surroundings:
    """The block and transaction that code can read; words. ``random`` is the difficulty before Paris."""

    __slots__ = ("base_fee", "blob_base_fee", "chain_id", "coinbase", "gas_limit", "number", "random", "time")

    def __init__(
        self,
        number: int,
        time: int,
        coinbase: int,
        gas_limit: int,
        base_fee: int,
        random: int,
        chain_id: int,
        blob_base_fee: int,
    ) -> None:
        self.number = number
        self.time = time
        self.coinbase = coinbase
        self.gas_limit = gas_limit
        self.base_fee = base_fee
        self.random = random
        self.chain_id = chain_id
        self.blob_base_fee = blob_base_fee


class Transaction:
    """``origin`` and ``gas_price`` of the running transaction."""

    __slots__ = ("gas_price", "origin")

    def __init__(self) -> None:
        self.origin = self.gas_price = 0


def table(fork: Fork, block: Surroundings, transaction: Transaction) -> Table:
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
    for opcode, read in _readers(fork, block, transaction).items():
        entries[opcode] = (op.FRAME, 2, 0, 1, read)
    for n in range(1, 33):
        entries[0x5F + n] = (op.PUSH, 3, 0, 1, None)
    for n in range(1, 17):
        entries[0x7F + n] = (op.DUP, 3, n, n + 1, None)
        entries[0x8F + n] = (op.SWAP, 3, n + 1, n + 1, None)
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


def _readers(fork: Fork, block: Surroundings, transaction: Transaction) -> dict[int, Callable[[Frame], Any]]:
    readers: dict[int, Callable[[Frame], Any]] = {
        0x30: lambda frame: frame.address,
        0x32: lambda frame: transaction.origin,
        0x33: lambda frame: frame.caller,
        0x34: lambda frame: frame.value,
        0x36: lambda frame: len(frame.data),
        0x38: lambda frame: len(frame.code.raw),
        0x3A: lambda frame: transaction.gas_price,
        0x3D: lambda frame: len(frame.returned),
        0x41: lambda frame: block.coinbase,
        0x42: lambda frame: block.time,
        0x43: lambda frame: block.number,
        0x44: lambda frame: block.random,
        0x45: lambda frame: block.gas_limit,
        0x46: lambda frame: block.chain_id,
        0x59: lambda frame: len(frame.memory),
    }
    if fork >= Fork.LONDON:
        readers[0x48] = lambda frame: block.base_fee
    if fork >= Fork.SHANGHAI:
        readers[0x5F] = lambda frame: 0
    if fork >= Fork.CANCUN:
        readers[0x4A] = lambda frame: block.blob_base_fee
    return readers
