"""The processor and the plan in lines for people."""

from tallyio.hot_path.cpu.layout import Layout
from tallyio.hot_path.cpu.placement import WANTED, CpuPlan


def describe(layout: Layout) -> str:
    """Model, cores, features, governor, clock source and huge pages in one line."""
    wanted = WANTED.get(layout.architecture, ())
    there = [name for name in wanted if name in layout.features]
    missing = [name for name in wanted if name not in layout.features]
    governors = sorted({core.governor for core in layout.cores if core.governor})
    threads = max((len(core.siblings) for core in layout.cores), default=1)
    parts = [
        f"{layout.model}, {len(layout.cores)} cores ({len(layout.allowed)} to use, {threads} thread(s) each)",
        f"{layout.nodes} NUMA node(s)",
        f"has {' '.join(there) or 'none of the wanted features'}",
    ]
    if missing:
        parts.append(f"lacks {' '.join(missing)}")
    parts.append(f"governor {', '.join(governors) or 'not told'}")
    parts.append(f"clock source {layout.clock_source or 'not told'}")
    parts.append(f"isolated cores {', '.join(map(str, sorted(layout.isolated))) or 'none'}")
    parts.append(_pages(layout))
    return "; ".join(parts)


def explain(planned: CpuPlan) -> str:
    """What the hot loop would do with it, and what stands against it."""
    if planned.core is None:
        first = "the hot loop floats between the cores"
    else:
        first = f"the hot loop is bound to core {planned.core}, its memory on node {planned.node}"
    return "; ".join((first, *planned.problems, *planned.notes))


def _pages(layout: Layout) -> str:
    reserved = [f"{p.free} of {p.total} free at {p.size_kb // 1024} MiB" for p in layout.huge_pages if p.total]
    return f"huge pages {', '.join(reserved) or 'none reserved'}, transparent {layout.transparent or 'not told'}"
