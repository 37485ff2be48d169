"""Which opcodes a contract can execute, and the same contract with some of them made to stand out.

A byte is an instruction only where a sweep over the code, skipping PUSH data, finds it; it can run only from the
entry or a JUMPDEST on, up to an instruction that never falls through (Yellow Paper, section 9.4.3). That leaves the
metadata that compilers append out, in all but freak cases, and it misses nothing.
"""

from functools import lru_cache

CLZ, GASPRICE, PREVRANDAO, BASEFEE, BLOBBASEFEE = 0x1E, 0x3A, 0x44, 0x48, 0x4A
_JUMPDEST, _PUSH1, _PUSH32, _INVALID = 0x5B, 0x60, 0x7F, 0xFE
_STOPS = frozenset({0x00, 0x56, 0xF3, 0xFD, 0xFE, 0xFF})
_NEW_IN_OSAKA = frozenset({CLZ})
NAMES = {CLZ: "CLZ", GASPRICE: "GASPRICE", PREVRANDAO: "PREVRANDAO", BASEFEE: "BASEFEE", BLOBBASEFEE: "BLOBBASEFEE"}


@lru_cache(maxsize=4096)
def reachable(code: bytes) -> dict[int, tuple[int, ...]]:
    """Watched opcodes that ``code`` may execute, each with its positions."""
    found: dict[int, list[int]] = {}
    live, at, end = True, 0, len(code)
    while at < end:
        op = code[at]
        if op == _JUMPDEST:
            live = True
        elif live:
            if op in NAMES:
                found.setdefault(op, []).append(at)
            elif op in _STOPS:
                live = False
        at += 1 + (op - _PUSH1 + 1 if _PUSH1 <= op <= _PUSH32 else 0)
    return {op: tuple(positions) for op, positions in found.items()}


def poisoned(code: bytes, watched: frozenset[int]) -> bytes:
    """``code`` in which executing a watched opcode ends the frame (or, where this EVM lacks the opcode, does not).

    If a run with poisoned code does exactly what the run with the code does, no watched opcode was executed.
    """
    changed = bytearray(code)
    for op, positions in reachable(code).items():
        if op in watched:
            for at in positions:
                changed[at] = _JUMPDEST if op in _NEW_IN_OSAKA else _INVALID
    return bytes(changed)
