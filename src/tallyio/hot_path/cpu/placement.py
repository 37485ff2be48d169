"""Where the hot loop runs: a plan made from the layout and the operator's choice, and its execution.

``plan`` is pure; ``apply`` binds the calling thread. What cannot be had is said and done without, or refused where
the choice insists. Memory follows the thread: the system gives a page on the node of the core that touches it first.
"""

import os

import msgspec

from tallyio.core.errors import RefusedError
from tallyio.hot_path.cpu.layout import Core, Layout

ANY_CORE = -1
REQUIRED = {"x86_64": frozenset({"tsc", "sse2", "cx8"}), "aarch64": frozenset({"asimd"})}
"""What the kernels' own instructions use on each machine: the counter, the fences, compare-and-swap."""
WANTED = {
    "x86_64": ("constant_tsc", "nonstop_tsc", "bmi2", "adx", "avx2", "avx512f", "avx512vl"),
    "aarch64": ("atomics", "sve"),
}
"""What makes them quicker or their times right: even clocks, wide multiplication, vectors."""


class CpuChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator wants. ``core`` is a processor's number, or -1 to have one chosen; without ``pin`` the loop
    floats; ``features`` are needed beyond the required ones; ``insist`` refuses to run otherwise."""

    core: int = ANY_CORE
    pin: bool = True
    features: tuple[str, ...] = ()
    insist: bool = False


class CpuPlan(msgspec.Struct, frozen=True):
    """``core`` is the hot loop's, None to float; ``others`` are left to everything else. ``notes`` are for people,
    ``problems`` what was wanted and is not to be had."""

    core: int | None
    others: frozenset[int]
    node: int | None
    insist: bool
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def plan(layout: Layout, choice: CpuChoice) -> CpuPlan:
    """Where to run. Raises ``RefusedError`` where the choice insists on what is not there."""
    problems = _missing(layout, choice.features)
    core: Core | None = None
    if choice.pin:
        core, problem = _choose(layout, choice.core)
        problems += [problem] if problem else []
    if problems and choice.insist:
        raise RefusedError(
            f"the processor is not as hot_path insists: {'; '.join(problems)}",
            todo="Correct hot_path in tallyio.toml, or set insist = false",
        )
    notes = _notes(layout, core)
    taken = core.siblings if core else frozenset()
    others = (layout.allowed - taken) or layout.allowed
    return CpuPlan(
        core.number if core else None, others, core.node if core else None, choice.insist, tuple(notes), tuple(problems)
    )


def apply(planned: CpuPlan) -> str:
    """Bind the calling thread as planned and say what was done.

    A system that refuses leaves the thread floating; raises ``RefusedError`` where the plan insists.
    """
    if planned.core is None:
        return "floats: not bound to a core"
    try:
        os.sched_setaffinity(0, {planned.core})
        found = os.sched_getaffinity(0)
    except OSError as e:
        problem = f"core {planned.core} cannot be had: {e.strerror}"
    else:
        if found == {planned.core}:
            return f"bound to core {planned.core}"
        problem = f"asked for core {planned.core}, the system gave {sorted(found)}"
    if planned.insist:
        raise RefusedError(problem, todo="Choose another hot_path.core, or set insist = false")
    return f"floats: {problem}"


def _missing(layout: Layout, wanted: tuple[str, ...]) -> list[str]:
    if layout.architecture not in REQUIRED:
        return [f"a {layout.architecture} processor has no compiled clock: only plain Python runs on it"]
    needed = REQUIRED[layout.architecture] | frozenset(wanted)
    missing = sorted(needed - layout.features)
    return [f"the processor lacks {', '.join(missing)}"] if missing else []


def _choose(layout: Layout, number: int) -> tuple[Core | None, str]:
    if number != ANY_CORE:
        core = layout.core(number)
        if core is None:
            return None, f"there is no core {number}, only {_list(frozenset(c.number for c in layout.cores))}"
        if number not in layout.allowed:
            return None, f"core {number} is outside the cores this process may use: {_list(layout.allowed)}"
        return core, ""
    if len(layout.allowed) < 2:
        return None, "only one core may be used, and it is needed for everything else too"
    return max((c for c in layout.cores if c.number in layout.allowed), key=lambda c: _fitness(layout, c)), ""


def _fitness(layout: Layout, core: Core) -> tuple[bool, bool, int]:
    """Isolated before busy, unshared before shared with the core that takes interrupts, and far from it."""
    return core.number in layout.isolated, 0 not in core.siblings, core.number


def _notes(layout: Layout, core: Core | None) -> list[str]:
    notes = []
    if core and len(core.siblings) > 1:
        notes.append(
            f"core {core.number} shares its units with {_list(core.siblings - {core.number})}: keep those idle"
        )
    if core and core.governor not in (None, "performance"):
        notes.append(f"its governor is {core.governor}: performance holds the clock up")
    if core and core.number not in layout.isolated:
        notes.append(f"core {core.number} is not isolated (isolcpus): other work may interrupt it")
    if layout.clock_source not in (None, "tsc", "arch_sys_counter", "kvm-clock"):
        notes.append(f"the clock source is {layout.clock_source}: reading the time is slow")
    if layout.virtual:
        notes.append("a virtual machine: its cores move between real ones")
    return notes


def _list(numbers: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "none"
