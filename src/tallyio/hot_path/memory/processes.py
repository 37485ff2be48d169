"""Which process is which: a process number is used again after its process ended, its start time with it is not."""

import os
from pathlib import Path

from tallyio.core.errors import BugError

PID_BITS = 22
"""Linux gives no process number above 2^22."""

UNKNOWN = 0
"""No process: the identity of nobody."""


def identity_of(pid: int) -> int:
    """One word for the process now running as ``pid``, ``UNKNOWN`` where none is or it has ended already.

    The low 22 bits are the number, above them the start time in clock ticks since the machine's start (proc(5)).
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return UNKNOWN
    fields = status[status.rindex(b")") + 2 :].split()  # the name before it may hold anything
    if fields[0] in (b"Z", b"X"):
        return UNKNOWN
    return pid | int(fields[19]) << PID_BITS


def my_identity() -> int:
    identity = identity_of(os.getpid())
    if identity == UNKNOWN:
        raise BugError(f"/proc/{os.getpid()}/stat is absent", todo="mount /proc: shared memory needs it")
    return identity


def pid_of(identity: int) -> int:
    return identity & ((1 << PID_BITS) - 1)


def is_alive(identity: int) -> bool:
    """Whether the process of that identity still runs; a later one with its number is not it."""
    return identity != UNKNOWN and identity_of(pid_of(identity)) == identity


def pid_namespace() -> int:
    """Process numbers mean something inside one such namespace (container) only."""
    return os.stat("/proc/self/ns/pid").st_ino
