"""The searcher's place on the processor, and its market in shared memory, as ``[hot_path]`` in tallyio.toml says."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from tallyio.config.directory import ConfigDirectory
from tallyio.config.settings import HotPathSettings
from tallyio.core.errors import OperatorError
from tallyio.hot_path.cpu.layout import read_layout
from tallyio.hot_path.cpu.placement import CpuChoice, CpuPlan, apply, plan

if TYPE_CHECKING:
    from tallyio.hot_path.shared.writer import MarketWriter

log = structlog.get_logger()


def cpu_plan(settings: HotPathSettings) -> CpuPlan:
    """Raises ``RefusedError`` where the settings insist on what this machine has not."""
    choice = CpuChoice(core=settings.core, pin=settings.pin, features=settings.features, insist=settings.insist)
    return plan(read_layout(), choice)


@contextmanager
def placed(settings: HotPathSettings) -> Iterator[None]:
    """The calling thread, an event loop's, on its core and the threads it starts on the others; then as before."""
    planned = cpu_plan(settings)
    before = os.sched_getaffinity(0)
    done = apply(planned)
    (log.warning if planned.problems else log.info)("processor", loop=done, problems="; ".join(planned.problems))
    helpers: ThreadPoolExecutor | None = None
    if os.sched_getaffinity(0) != before:
        helpers = ThreadPoolExecutor(initializer=os.sched_setaffinity, initargs=(0, planned.others))
        asyncio.get_running_loop().set_default_executor(helpers)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def shared_market(directory: ConfigDirectory) -> Iterator["MarketWriter | None"]:
    """Where the market is published, ``None`` where the settings say so. What killed searchers left is cleared first.

    Raises ``OperatorError`` where the memory cannot be had.
    """
    settings = directory.settings.hot_path
    if not settings.shared_pools:
        yield None
        return
    from tallyio.hot_path.memory.leftovers import clear_leftovers
    from tallyio.hot_path.shared.plan import PREFIX, segment_name
    from tallyio.hot_path.shared.writer import MarketWriter

    cleared = clear_leftovers(PREFIX)
    if cleared.removed:
        log.warning("shared memory of killed searchers cleared", names=", ".join(cleared.removed))
    name = segment_name(directory.chain.chain_id, directory.data_dir)

    def refused(why: str) -> None:
        log.error("pools are left out of shared memory", reason=why)

    with MarketWriter(
        name,
        directory.chain.chain_id,
        settings.shared_pools,
        huge_pages=settings.huge_pages,
        on_refusal=refused,
    ) as writer:
        log.info("shared memory ready", name=name, bytes=writer.size, in_huge_pages=writer.huge_bytes())
        yield writer


def memory(directory: ConfigDirectory) -> str:
    """What shared memory the searcher would reserve and what there is, for ``tallyio doctor``.

    Raises ``OperatorError`` where it does not suffice.
    """
    settings = directory.settings.hot_path
    if not settings.shared_pools:
        return "nothing is shared (hot_path.shared_pools is 0)"
    from tallyio.hot_path.memory.folder import FOLDER
    from tallyio.hot_path.memory.leftovers import find_leftovers
    from tallyio.hot_path.shared.plan import PREFIX, segment_name, size_of

    name, wanted = segment_name(directory.chain.chain_id, directory.data_dir), size_of(settings.shared_pools)
    found = find_leftovers(PREFIX)
    room = os.statvfs(FOLDER.parent)
    free = room.f_bavail * room.f_frsize
    parts = [
        f"{wanted} bytes for {settings.shared_pools} pools{' in huge pages' if settings.huge_pages else ''}",
        f"{free} of {room.f_blocks * room.f_frsize} bytes free in {FOLDER.parent}",
    ]
    if name in found.in_use:
        parts.append("a searcher of this directory has them")
    elif free < wanted:
        raise OperatorError("; ".join(parts), todo="Lower hot_path.shared_pools or enlarge that file system")
    parts += [f"left by a killed searcher: {left}, cleared at the next start" for left in found.removed]
    parts += [f"not of this program: {left}" for left in found.foreign]
    return "; ".join(parts)
