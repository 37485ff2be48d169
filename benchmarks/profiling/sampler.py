"""Takes note, a thousand times a second, of the instruction that this process is at.

The handler of the timer's signal is itself compiled: it reads the program counter out of the context that the system
hands to it (``ucontext_t`` of the C library) and needs neither ``perf`` nor rights.
"""

import ctypes
import platform
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

PERIOD_S = 0.001
CAPACITY = 1_000_000
COUNTER_WORD = {"x86_64": 21, "aarch64": 55}
"""Where the program counter stands in ``ucontext_t``, in words of eight bytes: 40 bytes of flags, link and stack
before the general registers, and RIP the seventeenth; on Arm a signal mask of 128 bytes, alignment, the fault address,
31 registers and the stack pointer before it."""
SA_SIGINFO, SA_RESTART = 4, 0x10000000


WORDS: Any = types.CPointer(types.uint64)  # type: ignore[no-untyped-call]


class _Action(ctypes.Structure):
    """``struct sigaction`` of glibc and musl on 64-bit Linux."""

    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_ulong * 16),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


def _cast(typing_context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return WORDS(types.uint64), generate


_words_at: Any = intrinsic(_cast)


@contextmanager
def sampling() -> Iterator[list[NDArray[np.uint64]]]:
    """While it is open the process is sampled; afterwards the list holds one array, the addresses."""
    buffer = np.zeros(1 + CAPACITY, np.uint64)
    address, word = np.uint64(buffer.ctypes.data), COUNTER_WORD[platform.machine()]

    @numba.cfunc(types.void(types.int32, types.voidptr, WORDS))
    def note(number: int, information: Any, context: Any) -> None:
        words = _words_at(address)
        taken = words[0]
        if taken < np.uint64(CAPACITY):
            words[taken + np.uint64(1)] = context[word]
            words[0] = taken + np.uint64(1)

    action = _Action(note.address, (ctypes.c_ulong * 16)(), SA_SIGINFO | SA_RESTART, None)
    before = _Action()
    library = ctypes.CDLL(None, use_errno=True)
    if library.sigaction(int(signal.SIGALRM), ctypes.byref(action), ctypes.byref(before)):
        raise OSError(ctypes.get_errno(), "sigaction")
    signal.setitimer(signal.ITIMER_REAL, PERIOD_S, PERIOD_S)
    found: list[NDArray[np.uint64]] = []
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        library.sigaction(int(signal.SIGALRM), ctypes.byref(before), None)
        found.append(buffer[1 : 1 + int(buffer[0])].copy())
