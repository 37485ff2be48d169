"""What this machine's processor is, as the system tells it: features, cores, nodes, clock source, huge pages.

Read from ``/proc/cpuinfo`` and ``/sys`` (Documentation/admin-guide of the Linux kernel). What a system does not tell,
as containers and virtual machines often do not, is None or empty here and never guessed.
"""

import os
import platform
import re
from pathlib import Path

import msgspec

FLAG_LINES = ("flags", "Features")
"""x86 and Arm name the line differently."""


class Core(msgspec.Struct, frozen=True):
    """One logical processor. ``siblings`` share its execution units (itself among them); ``node`` is its memory's."""

    number: int
    siblings: frozenset[int]
    node: int
    governor: str | None


class HugePages(msgspec.Struct, frozen=True):
    """One size of reserved huge pages."""

    size_kb: int
    total: int
    free: int


class Layout(msgspec.Struct, frozen=True):
    """``allowed`` are the processors that this process may use (affinity mask, cgroup); ``isolated`` those that the
    scheduler leaves alone; ``transparent`` is the setting of transparent huge pages."""

    model: str
    architecture: str
    features: frozenset[str]
    cores: tuple[Core, ...]
    allowed: frozenset[int]
    isolated: frozenset[int]
    clock_source: str | None
    huge_pages: tuple[HugePages, ...]
    transparent: str | None
    virtual: bool

    def core(self, number: int) -> Core | None:
        return next((core for core in self.cores if core.number == number), None)

    @property
    def nodes(self) -> int:
        return len({core.node for core in self.cores})


def read_layout(root: Path = Path("/")) -> Layout:
    """The layout below ``root``, which is another than ``/`` only for a recorded one."""
    system = root / "sys/devices/system"
    information = _text(root / "proc/cpuinfo") or ""
    flags = _features(information)
    online = parse_cpus(_text(system / "cpu/online") or "") or frozenset(range(os.cpu_count() or 1))
    node_of = _nodes(system / "node")
    return Layout(
        model=_model(information),
        architecture=platform.machine(),
        features=flags,
        cores=tuple(_core(system / "cpu", number, node_of) for number in sorted(online)),
        allowed=frozenset(os.sched_getaffinity(0)) & online if root == Path("/") else online,
        isolated=parse_cpus(_text(system / "cpu/isolated") or ""),
        clock_source=_text(system / "clocksource/clocksource0/current_clocksource"),
        huge_pages=_huge_pages(root / "sys/kernel/mm/hugepages"),
        transparent=_chosen(_text(root / "sys/kernel/mm/transparent_hugepage/enabled")),
        virtual="hypervisor" in flags,
    )


def parse_cpus(text: str) -> frozenset[int]:
    """The kernel's list format: ``0-3,8,10-11``. An empty list is none; anything else in it is left out."""
    numbers: set[int] = set()
    for part in text.strip().split(","):
        if found := re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", part.strip()):
            numbers.update(range(int(found[1]), int(found[2] or found[1]) + 1))
    return frozenset(numbers)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip() or None
    except OSError:
        return None


def _features(information: str) -> frozenset[str]:
    """Those that every processor has: a kernel may run on any of them."""
    found = re.findall(rf"^(?:{'|'.join(FLAG_LINES)})\s*:(.*)$", information, re.MULTILINE)
    return frozenset.intersection(*(frozenset(line.split()) for line in found)) if found else frozenset()


def _model(information: str) -> str:
    found = re.search(r"^(?:model name|Model|CPU part)\s*:\s*(.+)$", information, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or "unknown"


def _nodes(folder: Path) -> dict[int, int]:
    return {
        number: int(node.name[4:])
        for node in sorted(folder.glob("node[0-9]*"))
        for number in parse_cpus(_text(node / "cpulist") or "")
    }


def _core(folder: Path, number: int, node_of: dict[int, int]) -> Core:
    own = folder / f"cpu{number}"
    siblings = parse_cpus(_text(own / "topology/thread_siblings_list") or "")
    return Core(number, siblings | {number}, node_of.get(number, 0), _text(own / "cpufreq/scaling_governor"))


def _huge_pages(folder: Path) -> tuple[HugePages, ...]:
    sizes = []
    for size in sorted(folder.glob("hugepages-*kB")):
        total, free = _text(size / "nr_hugepages"), _text(size / "free_hugepages")
        sizes.append(HugePages(int(size.name[10:-2]), int(total or 0), int(free or 0)))
    return tuple(sizes)


def _chosen(setting: str | None) -> str | None:
    """``madvise`` from ``always [madvise] never``."""
    found = re.search(r"\[(\w+)\]", setting or "")
    return found[1] if found else setting
