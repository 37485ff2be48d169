"""One call or creation while it runs."""

from tallyio.simulation.evm.code import Code
from tallyio.simulation.evm.halt import Halt
from tallyio.simulation.evm.state import Checkpoint

_MOST = 1 << 32
"""Bytes of memory that no gas limit pays for."""


class Frame:
    """``address`` owns the storage; ``code_address`` is where the code came from. ``data`` is the calldata, ``gas``
    what is left. ``into`` is where the parent wants the output in its memory; ``kind`` names the opcode that opened
    the frame, and ``created`` is the new contract of a creation.
    """

    __slots__ = (
        "address",
        "caller",
        "checkpoint",
        "code",
        "code_address",
        "created",
        "data",
        "depth",
        "gas",
        "gas_given",
        "into",
        "kind",
        "memory",
        "output",
        "pc",
        "returned",
        "stack",
        "static",
        "value",
    )

    def __init__(
        self,
        kind: str,
        code: Code,
        code_address: int,
        address: int,
        caller: int,
        value: int,
        data: bytes,
        gas: int,
        depth: int,
        static: bool,
        checkpoint: Checkpoint,
        into: tuple[int, int] = (0, 0),
        created: int | None = None,
    ) -> None:
        self.kind = kind
        self.code = code
        self.code_address = code_address
        self.address = address
        self.caller = caller
        self.value = value
        self.data = data
        self.gas = self.gas_given = gas
        self.depth = depth
        self.static = static
        self.checkpoint = checkpoint
        self.into = into
        self.created = created
        self.stack: list[int] = []
        self.memory = bytearray()
        self.pc = 0
        self.output = b""
        self.returned = b""

    def reach(self, offset: int, size: int) -> None:
        """Pay for memory up to ``offset + size``."""
        if size and offset + size > len(self.memory):
            self.gas = grow(self.memory, offset + size, self.gas)

    def read(self, offset: int, size: int) -> bytes:
        """Memory that was paid for."""
        return bytes(self.memory[offset : offset + size]) if size else b""


def grow(memory: bytearray, end: int, gas: int) -> int:
    """Extend ``memory`` to hold ``end`` bytes; the gas left (Yellow Paper, appendix H, C_mem)."""
    if end > _MOST:
        raise Halt("out of gas")
    before, words = len(memory) >> 5, (end + 31) >> 5
    gas -= 3 * (words - before) + (words * words >> 9) - (before * before >> 9)
    if gas < 0:
        raise Halt("out of gas")
    memory.extend(bytes((words - before) << 5))
    return gas
