"""Memory that is there before it is used: a page that cannot be had is an error at start, never a signal later."""

import errno
import mmap
import os
import re
from pathlib import Path

import numpy as np

_MADV_POPULATE_WRITE = 23  # Linux 5.14: like a write to each page, but fails where that would kill the process


def map_file(fd: int, size: int, *, huge_pages: bool) -> mmap.mmap:
    """The first ``size`` bytes of the file, mapped, each page present; ``OSError`` where memory does not suffice.

    ``huge_pages`` asks the kernel for them before a page exists; whether it gave some is what ``huge_bytes`` tells.
    """
    free = os.fstatvfs(fd)
    if (os.fstat(fd).st_blocks * 512 + free.f_bavail * free.f_frsize) < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    mapping = mmap.mmap(fd, size)
    try:
        if huge_pages:
            _ask_for_huge_pages(mapping)
            _touch(mapping)  # before the file is reserved, which would make small pages
        os.posix_fallocate(fd, 0, size)
        _touch(mapping)
    except BaseException:
        mapping.close()
        raise
    return mapping


def _ask_for_huge_pages(mapping: mmap.mmap) -> None:
    try:
        mapping.madvise(mmap.MADV_HUGEPAGE)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a kernel built without them
            raise


def _touch(mapping: mmap.mmap) -> None:
    try:
        mapping.madvise(_MADV_POPULATE_WRITE)
    except OSError as error:
        if error.errno == errno.EFAULT:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        if error.errno != errno.EINVAL:
            raise
        # An older kernel: reading maps the pages, and posix_fallocate has or will have reserved them.


def huge_bytes(mapping: mmap.mmap) -> int:
    """How much of ``mapping`` the kernel keeps in huge pages just now (proc(5), smaps)."""
    address = np.frombuffer(mapping, np.uint8).ctypes.data
    inside, total = False, 0
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if span := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            inside = int(span[1], 16) <= address < int(span[2], 16)
        elif inside and (found := re.match(r"(?:AnonHuge|Shmem|File)(?:PmdMapped|Pages): +(\d+) kB", line)):
            total += int(found[1]) * 1024
    return total
