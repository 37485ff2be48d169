"""Words of unaligned bytes, room on the stack and Keccak's permutation as LLVM instructions."""

import sys
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from tallyio.hot_path.hashes.absorption import absorb
from tallyio.hot_path.hashes.permutation import emit
from tallyio.hot_path.simd.target import vector_bits

_WORDS = types.CPointer(types.uint64)  # type: ignore[no-untyped-call]
_BYTES = types.CPointer(types.uint8)  # type: ignore[no-untyped-call]
_WORD, _SHORT = ir.IntType(64), ir.IntType(32)
_TERNARY = vector_bits() == 512
LANES = {512: 8, 256: 4}.get(vector_bits(), 1)


def _accepts(p: Any, i: Any) -> bool:
    return isinstance(p, types.CPointer) and p.dtype == types.uint8 and isinstance(i, types.Integer)


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    at = builder.gep(arguments[0], [context.cast(builder, arguments[1], signature.args[1], types.intp)])
    return builder.bitcast(at, _WORD.as_pointer())


def _little(builder: Any, word: Any) -> Any:
    return word if sys.byteorder == "little" else builder.bswap(word)


@intrinsic
def load_le(typing_context: Any, p: Any, i: Any) -> Any:
    if not _accepts(p, i):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _little(builder, builder.load(_place(context, builder, signature, arguments), align=1))

    return types.uint64(p, i), generate


@intrinsic
def store_le(typing_context: Any, p: Any, i: Any, word: Any) -> Any:
    if not _accepts(p, i) or word != types.uint64:
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature, arguments)
        builder.store(_little(builder, arguments[2]), place, align=1)
        return context.get_dummy_value()

    return types.void(p, i, word), generate


@intrinsic
def room(typing_context: Any, count: Any) -> Any:
    if not isinstance(count, types.IntegerLiteral):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = cgutils.alloca_once(builder, ir.ArrayType(_WORD, count.literal_value))  # type: ignore[no-untyped-call]
        whole.align = 64
        return builder.gep(whole, [_SHORT(0), _SHORT(0)])

    return _WORDS(count), generate


def _permutation(lanes: int) -> Any:
    def typed(typing_context: Any, state: Any) -> Any:
        if state != _WORDS:
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            emit(builder, arguments[0], lanes, _TERNARY)
            return context.get_dummy_value()

        return types.void(state), generate

    return intrinsic(typed)


permute = _permutation(1)
permute_lanes = _permutation(LANES)


@intrinsic
def absorb_lanes(typing_context: Any, state: Any, p: Any, starts: Any, fulls: Any, tails: Any) -> Any:
    if state != _WORDS or starts != _WORDS or fulls != _WORDS or tails != _WORDS or p != _BYTES:
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        absorb(builder, LANES, *arguments)
        return context.get_dummy_value()

    return types.void(state, p, starts, fulls, tails), generate
