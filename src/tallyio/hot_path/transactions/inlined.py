"""Kernels that are compiled into their callers: a call costs more than most readers of one field do."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from tallyio.hot_path.compiled import DISABLED, kernel

Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(function: Function) -> Function:
    """As ``kernel``; LLVM copies the code into every kernel that calls it."""
    compiled = kernel(function)
    if not DISABLED:
        options = cast("Any", compiled).targetoptions
        options["forceinline"] = True
    return compiled
