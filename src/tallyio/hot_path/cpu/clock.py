"""The processor's own clock, readable in a few nanoseconds inside a kernel.

x86-64 counts at the time stamp counter's constant rate, aarch64 at the virtual counter's. A reading waits for the
instructions before it, so a span from one ``ticks()`` to the next holds all the work between them, and some ten
nanoseconds of its own (``overhead_ticks``). As plain Python a tick is a nanosecond of ``perf_counter_ns``.
"""

import platform
import time
from functools import cache
from typing import Any

from tallyio.core.errors import OperatorError
from tallyio.hot_path.compiled import DISABLED, kernel

ASSEMBLY = {
    "x86_64": ("lfence\nrdtsc\nshlq $$32, %rdx\norq %rdx, %rax", "={rax},~{rdx},~{memory},~{dirflag},~{fpsr},~{flags}"),
    "aarch64": ("isb\nmrs $0, cntvct_el0", "=r,~{memory}"),
}
"""Per machine: the instructions, and LLVM's constraint string for them."""
CALIBRATION_NS = 20_000_000
ROUNDS = 5


def ticks() -> int:
    """The clock now, as an uint64 count of ticks. Differences are meaningful, the value itself is not."""
    return time.perf_counter_ns()


if not DISABLED:
    from llvmlite import binding, ir
    from numba import types
    from numba.extending import intrinsic

    binding.initialize_native_asmparser()  # without it LLVM ends the process at the first inline assembly

    def _emit(typing_context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            word = ir.IntType(64)
            text, constraint = ASSEMBLY[platform.machine()]
            return builder.asm(ir.FunctionType(word, []), text, constraint, [], side_effect=True)

        return types.uint64(), generate

    _read_counter: Any = intrinsic(_emit)

    if platform.machine() not in ASSEMBLY:
        raise OperatorError(
            f"no clock is known for a {platform.machine()} processor, only for {' and '.join(ASSEMBLY)}",
            todo="Run with NUMBA_DISABLE_JIT=1, or on one of those",
        )

    @kernel
    def ticks() -> int:
        """The clock now, as an uint64 count of ticks. Differences are meaningful, the value itself is not."""
        now: int = _read_counter()
        return now


@cache
def ns_per_tick() -> float:
    """Nanoseconds a tick, measured once a process against the system's monotonic clock (20 ms)."""
    if DISABLED:
        return 1.0
    ticks()  # compiled before anything is timed
    start_ns, start = _both_clocks()
    while time.perf_counter_ns() < start_ns + CALIBRATION_NS:
        pass
    end_ns, end = _both_clocks()
    if end <= start:
        raise OperatorError("the processor's clock stands still", todo="Choose a machine whose counter is readable")
    return (end_ns - start_ns) / (end - start)


@cache
def overhead_ticks() -> int:
    """The shortest span that two readings without work between them show."""
    return int(_shortest_span(10_000))


def _both_clocks() -> tuple[float, int]:
    """One moment on both clocks: the reading, of several, that took the least time to take."""
    best: tuple[float, int] | None = None
    shortest = 0
    for _ in range(ROUNDS):
        before = time.perf_counter_ns()
        now = int(ticks())
        after = time.perf_counter_ns()
        if best is None or after - before < shortest:
            best, shortest = ((before + after) / 2, now), after - before
    assert best is not None  # noqa: S101 - ROUNDS is not zero
    return best


@kernel
def _shortest_span(rounds: int) -> int:
    start = ticks()
    shortest = ticks() - start
    for _ in range(rounds):
        start = ticks()
        shortest = min(shortest, ticks() - start)
    return shortest
