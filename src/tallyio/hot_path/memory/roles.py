"""Who has a part that only one process may have, such as a ring's consumer: one word that holds its identity."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import OperatorError
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import compare_and_swap, load_acquire
from tallyio.hot_path.memory.processes import UNKNOWN, is_alive, my_identity, pid_of


@kernel
def swap(words: Any, i: Any, old: Any, new: Any) -> Any:
    return compare_and_swap(words, i, old, new)


@kernel
def look(words: Any, i: Any) -> Any:
    return load_acquire(words, i)


def take_role(words: NDArray[np.uint64], i: int, what: str) -> None:
    """The caller's process has the role in ``words[i]`` from now on.

    Raises ``OperatorError`` where another living process has it. Taking it twice in one process is allowed: threads
    are the caller's to keep apart.
    """
    mine = my_identity()
    holder = int(look(words, np.int64(i)))
    if holder == mine:
        return
    if is_alive(holder) or not swap(words, np.int64(i), np.uint64(holder), np.uint64(mine)):
        raise OperatorError(
            f"the {what} is process {pid_of(int(look(words, np.int64(i))))}, which is running, and there is only one",
            todo="stop that one first",
        )


def leave_role(words: NDArray[np.uint64], i: int) -> None:
    swap(words, np.int64(i), np.uint64(my_identity()), np.uint64(UNKNOWN))
