"""Samples assigned to functions and source lines of the compiled kernels."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from linecache import getline
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .lines import ObjectFile, Span, spans


class Place(NamedTuple):
    """A line of a compiled function. What the compiler put inline counts for the line that calls it."""

    function: str
    module: str
    line: int

    @property
    def text(self) -> str:
        spec = find_spec(self.module)
        return getline(spec.origin, self.line).strip() if spec and spec.origin and self.line else ""


class Code(NamedTuple):
    """One object in memory: its first address, its lines, and its functions as (start, end, name)."""

    base: int
    lines: list[Span]
    functions: list[tuple[int, int, str]]


def loaded(kernels: Iterable[Any]) -> list[Code]:
    """The code of every kernel compiled in this process; of those from a cache there is none to read."""
    found: dict[int, Code] = {}
    for kernel in kernels:
        for compiled in kernel.overloads.values():
            library, name = compiled.library, compiled.fndesc.llvm_func_name
            content = ObjectFile(library._get_compiled_object())
            symbols = {symbol: (value, value + size) for symbol, value, size in content.symbols() if size}
            base = library.get_pointer_to_function(name) - symbols[name][0]
            functions = sorted((start, end, symbol) for symbol, (start, end) in symbols.items())
            found[base] = Code(base, spans(content), functions)
    return [found[base] for base in sorted(found)]


def attribute(samples: NDArray[np.uint64], codes: list[Code]) -> tuple[Counter[Place], int]:
    """How many samples fell on each line, and how many outside all compiled kernels."""
    places: Counter[Place] = Counter()
    outside = 0
    bases = [code.base for code in codes]
    for address, count in Counter(samples.tolist()).items():
        i = bisect_right(bases, address) - 1
        place = _place(codes[i], address - codes[i].base) if i >= 0 else None
        if place is None:
            outside += count
        else:
            places[place] += count
    return places, outside


def _place(code: Code, offset: int) -> Place | None:
    if not code.lines or offset >= code.lines[-1].end:
        return None
    symbol = next((name for start, end, name in code.functions if start <= offset < end), "")
    parts = _demangled(symbol)
    if not parts or parts[0] == "cpython":  # what the interpreter calls: the change of types before the kernel
        return None
    i = bisect_right(code.lines, (offset, 1 << 62, "", 0)) - 1
    inside = i >= 0 and code.lines[i].end > offset
    while i > 0 and code.lines[i].line == 0 and code.lines[i - 1].end == code.lines[i].start:
        i -= 1  # instructions of no line in particular: they follow from the one before
    return Place(parts[-1], ".".join(parts[:-1]), code.lines[i].line if inside else 0)


def _demangled(symbol: str) -> list[str]:
    """``_ZN7tallyio8hot_path5clock5ticksB2v1...`` in its parts: lengths and names."""
    rest = symbol.removeprefix("_ZN")
    parts = []
    while rest != symbol and (found := re.match(r"\d+", rest)):
        size = int(found[0])
        parts.append(rest[found.end() : found.end() + size])
        rest = rest[found.end() + size :]
    return parts
