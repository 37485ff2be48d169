"""What is read of a machine: this one, and recorded trees of others."""

import os
from pathlib import Path

import pytest

from tallyio.hot_path.cpu.layout import HugePages, parse_cpus, read_layout
from tallyio.hot_path.cpu.placement import CpuChoice, plan
from tallyio.hot_path.cpu.report import describe, explain


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """Two nodes, four cores of two threads each, one core isolated, a few huge pages."""
    block = "processor : {0}\nmodel name : Test Processor\nflags : tsc sse2 cx8 avx2 bmi2{1}\n\n"
    cpu, node = "sys/devices/system/cpu", "sys/devices/system/node"
    files = {
        "proc/cpuinfo": "".join(block.format(n, " adx" if n else "") for n in range(8)),
        f"{cpu}/online": "0-7",
        f"{cpu}/isolated": "3,7",
        f"{node}/node0/cpulist": "0-1,4-5",
        f"{node}/node1/cpulist": "2-3,6-7",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet",
        "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "16",
        "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "12",
        "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
    }
    for n in range(8):
        files[f"{cpu}/cpu{n}/topology/thread_siblings_list"] = f"{n % 4},{n % 4 + 4}"
        files[f"{cpu}/cpu{n}/cpufreq/scaling_governor"] = "powersave"
    write(tmp_path, **files)
    return tmp_path


def test_a_recorded_server_is_read_whole(server: Path) -> None:
    layout = read_layout(server)
    assert layout.model == "Test Processor"
    assert layout.features == {"tsc", "sse2", "cx8", "avx2", "bmi2"}, "only what every processor has"
    assert [core.node for core in layout.cores] == [0, 0, 1, 1, 0, 0, 1, 1]
    assert [sorted(core.siblings) for core in layout.cores[:2]] == [[0, 4], [1, 5]]
    assert layout.isolated == {3, 7}
    assert layout.huge_pages == (HugePages(2048, 16, 12),)
    assert (layout.transparent, layout.clock_source, layout.nodes) == ("madvise", "hpet", 2)


def test_the_isolated_core_is_chosen_and_what_disturbs_it_said(server: Path) -> None:
    layout = read_layout(server)
    planned = plan(layout, CpuChoice())
    assert (planned.core, planned.node) == (7, 1)
    assert planned.others == {0, 1, 2, 4, 5, 6}, "its sibling is left idle"
    told = explain(planned)
    for part in ("core 7", "node 1", "shares its units with 3", "powersave", "hpet"):
        assert part in told
    assert "12 of 16 free at 2 MiB" in describe(layout)


def test_a_system_that_tells_nothing_still_has_a_layout(tmp_path: Path) -> None:
    layout = read_layout(tmp_path)
    assert len(layout.cores) == os.cpu_count()
    assert (layout.clock_source, layout.transparent, layout.huge_pages) == (None, None, ())
    assert "not told" in describe(layout)


def test_this_machine(tmp_path: Path) -> None:
    layout = read_layout()
    assert layout.allowed == os.sched_getaffinity(0)
    assert layout.allowed <= {core.number for core in layout.cores}
    assert layout.features


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0-3,8,10-11", {0, 1, 2, 3, 8, 10, 11}), ("", set()), ("5", {5}), ("7-5", set()), ("a,2,-1,3-", {2})],
)
def test_lists_of_processors(text: str, numbers: set[int]) -> None:
    assert parse_cpus(text) == numbers
