"""Frames run to their end: the message level of the EVM."""

from typing import Protocol

import msgspec

from tallyio.chains.keccak import keccak256
from tallyio.simulation.evm import precompiles
from tallyio.simulation.evm.calls import DELEGATION, deposit
from tallyio.simulation.evm.code import EMPTY_CODE, Code
from tallyio.simulation.evm.forks import Fork
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.evm.halt import Halt
from tallyio.simulation.evm.host import COLD_ACCOUNT, WARM
from tallyio.simulation.evm.interpreter import Reverted, interpret
from tallyio.simulation.evm.state import State
from tallyio.simulation.evm.table import table


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The block as code can read it; words. ``random`` is the difficulty before Paris."""

    number: int
    time: int
    coinbase: int
    gas_limit: int
    base_fee: int
    random: int
    chain_id: int
    blob_base_fee: int


class StoreGas(msgspec.Struct, frozen=True):
    """SSTORE: reading or rewriting a dirty slot; changing a clean one; the refund for clearing one."""

    load: int
    reset: int
    clears: int


class Tracer(Protocol):
    """Is told about every frame. ``failure`` is empty for a frame that succeeded."""

    def opened(self, frame: Frame) -> None: ...
    def closed(self, frame: Frame, failure: str) -> None: ...
    def destroyed(self, frame: Frame, to: int, amount: int) -> None: ...


class Ended(msgspec.Struct, frozen=True):
    """Of the outermost frame. ``failure`` is empty, ``reverted``, or the reason of the halt."""

    gas_left: int
    output: bytes
    failure: str


_codes: dict[tuple[Fork, bytes], Code] = {}
_MOST_CODES = 1_024
"""What was decoded is kept from block to block; this many are some hundred megabytes at the worst."""


class Machine:
    """One block's machine: fork, surroundings and state; ``origin`` and ``gas_price`` of the running transaction."""

    def __init__(self, fork: Fork, block: Surroundings, state: State) -> None:
        self.fork = fork
        self.block = block
        self.state = state
        self.origin = self.gas_price = 0
        self.blob_hashes: tuple[int, ...] = ()
        self.tracer: Tracer | None = None
        self.hashed: dict[int, bytes] | None = None
        self.precompiles = precompiles.active(fork)
        self.store_gas = _store_gas(fork)
        self._table = table(fork)

    def code(self, raw: bytes, code_hash: bytes | None = None) -> Code:
        """The code object of ``raw``, shared by all accounts that have it."""
        key = (self.fork, keccak256(raw) if code_hash is None else code_hash)
        found = _codes.get(key)
        if found is None:
            if len(_codes) >= _MOST_CODES:
                _codes.clear()
            found = _codes[key] = Code(raw, self._table, key[1])
        return found

    def init_code(self, raw: bytes) -> Code:
        return Code(raw, self._table, b"")

    def code_behind(self, address: int) -> tuple[Code, int]:
        """What a call of ``address`` runs, and the gas for following its delegation (EIP-7702)."""
        code = self.state.account(address).code
        if self.fork < Fork.PRAGUE or not code.raw.startswith(DELEGATION):
            return code, 0
        target = delegate(code)
        gas = COLD_ACCOUNT if self.state.warm_up(target) else WARM
        return (EMPTY_CODE if target in self.precompiles else self.state.account(target).code), gas

    def run(self, outermost: Frame) -> Ended:
        """Run ``outermost`` and all that it opens. Of a failed frame's effects nothing remains."""
        frames, tracer = [outermost], self.tracer
        if tracer is not None:
            tracer.opened(outermost)
        while True:
            frame = frames[-1]
            failure = ""
            try:
                child = self._advance(frame)
                if child is not None:
                    frames.append(child)
                    if tracer is not None:
                        tracer.opened(child)
                    continue
                if frame.created is not None:
                    deposit(self, frame)
            except Reverted:
                failure = "reverted"
            except Halt as halt:
                failure = str(halt)
                frame.gas, frame.output = 0, b""
            if failure:
                self.state.revert(frame.checkpoint)
            if tracer is not None:
                tracer.closed(frame, failure)
            frames.pop()
            if not frames:
                return Ended(frame.gas, frame.output, failure)
            _resume(frames[-1], frame, failure)

    def _advance(self, frame: Frame) -> Frame | None:
        precompile = self.precompiles.get(frame.code_address)
        if precompile is not None and frame.created is None:
            precompile(frame)
            return None
        if not frame.code.raw:
            return None
        return interpret(self, frame)


def delegate(code: Code) -> int:
    return int.from_bytes(code.raw[3:23])


def _resume(parent: Frame, child: Frame, failure: str) -> None:
    parent.gas += child.gas
    if child.created is not None:
        parent.returned = child.output if failure else b""
        parent.stack.append(0 if failure else child.created)
        return
    parent.returned = child.output
    parent.stack.append(0 if failure else 1)
    offset, size = child.into
    piece = child.output[:size]
    if piece:
        parent.memory[offset : offset + len(piece)] = piece


def _store_gas(fork: Fork) -> StoreGas:
    if fork < Fork.BERLIN:
        return StoreGas(800, 5_000, 15_000)
    return StoreGas(100, 2_900, 15_000 if fork < Fork.LONDON else 4_800)
