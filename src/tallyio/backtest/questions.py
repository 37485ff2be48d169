"""Reads of contracts in a state that holds only part of their storage."""

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.simulation.block_execution import BlockExecution
from tallyio.simulation.evm.halt import MissingStateError


def ask(execution: BlockExecution, at: Address, data: bytes) -> list[int] | None:
    """The words that ``at`` answers; None where it has no such function or the state lacks what it reads."""
    try:
        answer = execution.call(at, data)
    except ChainDataError:
        return None
    if not answer.success or len(answer.output) < 32 or len(answer.output) % 32:
        return None
    return [int.from_bytes(answer.output[i : i + 32]) for i in range(0, len(answer.output), 32)]


def signed(word: int) -> int:
    """A word as two's complement."""
    return word - (1 << 256) if word >> 255 else word


def missing(execution: BlockExecution, at: Address, data: bytes) -> bool:
    """Whether the state lacks what ``at`` reads for its answer."""
    try:
        execution.call(at, data)
    except MissingStateError:
        return True
    except ChainDataError:
        return False
    return False
