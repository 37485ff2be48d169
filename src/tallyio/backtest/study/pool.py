"""Blocks replayed beside each other, each by a process of its own memory; what is done is on the disk at once."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path

import msgspec

from tallyio.archive.records import ArchiveError
from tallyio.archive.store import read_block
from tallyio.backtest.exchanges import Exchanges
from tallyio.backtest.study.adapter import observe
from tallyio.backtest.study.folder import RunFolder
from tallyio.backtest.study.inputs import Input, Tell, content_of
from tallyio.backtest.study.settings import BacktestSettings
from tallyio.core.errors import TallyError

_AHEAD = 2
"""Blocks handed out for each process, so that none waits."""


class Work(msgspec.Struct, frozen=True):
    """What every block's replay is told."""

    folder: RunFolder
    settings: BacktestSettings
    exchanges: Exchanges


def replay_all(work: Work, inputs: Sequence[Input], jobs: int, tell: Tell) -> None:
    """Every result that the folder lacks. Raises ``ArchiveError`` for a corrupt file and ``OSError`` of the disk; what
    was done by then stays done."""
    missing = [one for one in inputs if work.folder.load(one) is None]
    done = len(inputs) - len(missing)
    tell("", done, len(inputs))
    for one in _run(work, missing, min(jobs, len(missing))):
        done += 1
        tell(Path(one.path).stem.lstrip("0"), done, len(inputs))


def _run(work: Work, missing: Sequence[Input], jobs: int) -> Iterator[Input]:
    if jobs <= 1:
        for one in missing:
            _replay_one(work, one)
            yield one
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        rest, running = iter(missing), dict[Future[None], Input]()
        try:
            while True:
                for following in islice(rest, _AHEAD * jobs - len(running)):
                    running[pool.submit(_replay_one, work, following)] = following
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    yield running.pop(future)
        except BrokenProcessPool:
            raise TallyError(
                "a process that replayed blocks was killed", todo="Go on with --resume, with fewer --jobs"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _replay_one(work: Work, one: Input) -> None:
    path = Path(one.path)
    if content_of(path.read_bytes()) != one.content:
        raise ArchiveError(f"{path} was changed during the run", todo="Start again in another folder")
    block = read_block(path)
    key = work.folder.identity.key(one)
    work.folder.store(one, observe(block, key, work.settings, work.exchanges))


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever; an interrupt is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
