"""Bytes read as single LLVM instructions."""

import sys
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

_BYTE, _WORD = ir.IntType(8), ir.IntType(64)


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    container, index = signature.args
    base = arguments[0]
    if isinstance(container, types.Array):
        base = context.make_array(container)(context, builder, value=base).data
    return builder.gep(base, [context.cast(builder, arguments[1], index, types.intp)])


def _accepts(p: Any, i: Any) -> bool:
    flat = isinstance(p, types.Array) and p.ndim == 1 and p.layout == "C"
    return (flat or isinstance(p, types.CPointer)) and p.dtype == types.uint8 and isinstance(i, types.Integer)


@intrinsic
def byte(typing_context: Any, p: Any, i: Any) -> Any:
    if not _accepts(p, i):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.zext(builder.load(_address(context, builder, signature, arguments)), _WORD)

    return types.int64(p, i), generate


@intrinsic
def load_be(typing_context: Any, p: Any, i: Any) -> Any:
    if not _accepts(p, i):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at = builder.bitcast(_address(context, builder, signature, arguments), _WORD.as_pointer())
        word = builder.load(at, align=1)
        return builder.bswap(word) if sys.byteorder == "little" else word

    return types.uint64(p, i), generate


@intrinsic
def multiply(typing_context: Any, a: Any, b: Any) -> Any:
    if a != types.uint64 or b != types.uint64:
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.mul(*arguments)

    return types.uint64(a, b), generate
