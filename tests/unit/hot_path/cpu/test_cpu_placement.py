"""Where the loop is put, and what happens where it cannot be."""

import os
import threading
from collections.abc import Callable

import msgspec
import pytest

from tallyio.core.errors import RefusedError
from tallyio.hot_path.cpu.layout import Core, Layout
from tallyio.hot_path.cpu.placement import CpuChoice, CpuPlan, apply, plan

FEATURES = frozenset({"tsc", "sse2", "cx8", "avx2"})


def machine(cores: int, allowed: set[int], features: frozenset[str] = FEATURES, arch: str = "x86_64") -> Layout:
    made = tuple(Core(n, frozenset({n}), 0, None) for n in range(cores))
    return Layout("Test", arch, features, made, frozenset(allowed), frozenset(), "tsc", (), None, False)


def in_a_thread(work: Callable[[], str]) -> tuple[str, set[int]]:
    """What ``work`` said and the cores it could use afterwards; the test's own thread stays as it was."""
    said: list[tuple[str, set[int]]] = []
    thread = threading.Thread(target=lambda: said.append((work(), os.sched_getaffinity(0))))
    thread.start()
    thread.join()
    return said[0]


@pytest.mark.parametrize(
    ("choice", "layout", "part"),
    [
        (CpuChoice(core=9), machine(2, {0, 1}), "there is no core 9, only 0, 1"),
        (CpuChoice(core=1), machine(4, {2, 3}), "outside the cores this process may use: 2, 3"),
        (CpuChoice(), machine(4, {2}), "only one core"),
        (CpuChoice(core=1, features=("avx512f", "avx2")), machine(2, {0, 1}), "lacks avx512f"),
        (CpuChoice(core=1), machine(2, {0, 1}, features=frozenset()), "lacks cx8, sse2, tsc"),
        (CpuChoice(core=1), machine(2, {0, 1}, arch="riscv64"), "riscv64"),
    ],
)
def test_what_is_not_to_be_had_is_said_or_refused(choice: CpuChoice, layout: Layout, part: str) -> None:
    [problem] = plan(layout, choice).problems
    assert part in problem
    with pytest.raises(RefusedError, match=part):
        plan(layout, msgspec.structs.replace(choice, insist=True))


def test_the_last_core_is_taken_and_the_others_left() -> None:
    planned = plan(machine(4, {0, 1, 2}), CpuChoice())
    assert (planned.core, planned.others, planned.problems) == (2, {0, 1}, ())


def test_a_loop_that_shall_float_floats() -> None:
    planned = plan(machine(4, {0, 1}), CpuChoice(pin=False, core=3))
    assert (planned.core, planned.others, planned.problems) == (None, {0, 1}, ())
    said, cores = in_a_thread(lambda: apply(planned))
    assert (said, cores) == ("floats: not bound to a core", os.sched_getaffinity(0))


def test_the_thread_is_bound_and_only_it() -> None:
    before = os.sched_getaffinity(0)
    core = max(before)
    said, cores = in_a_thread(lambda: apply(CpuPlan(core, frozenset(), 0, True, (), ())))
    assert (said, cores) == (f"bound to core {core}", {core})
    assert os.sched_getaffinity(0) == before


def test_a_core_that_the_system_refuses() -> None:
    absent = CpuPlan(1023, frozenset(), 0, False, (), ())
    said, cores = in_a_thread(lambda: apply(absent))
    assert said.startswith("floats: core 1023 cannot be had")
    assert cores == os.sched_getaffinity(0)
    with pytest.raises(RefusedError, match="core 1023 cannot be had"):
        apply(msgspec.structs.replace(absent, insist=True))
