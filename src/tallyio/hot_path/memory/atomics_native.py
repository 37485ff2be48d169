"""The atomic operations as single LLVM instructions."""

import platform
from typing import Any

from llvmlite import binding, ir
from numba.core import types
from numba.extending import intrinsic

binding.initialize_native_asmparser()  # LLVM aborts the process on inline assembly without it

_PAUSE = {"x86_64": "pause", "aarch64": "yield"}.get(platform.machine(), "")
_ALIGN = 8


def _word_of(container: Any) -> Any:
    """The type of the words in ``container``; ``None``, which Numba reports as a typing error, for anything else."""
    flat = isinstance(container, types.Array) and container.ndim == 1 and container.layout == "C"
    if not flat and not isinstance(container, types.CPointer):
        return None
    return container.dtype if container.dtype in (types.uint64, types.int64) else None


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Where ``p[i]`` lies: an index is an offset from the start, never from the end."""
    container, index = signature.args[:2]
    base = arguments[0]
    if isinstance(container, types.Array):
        base = context.make_array(container)(context, builder, value=base).data
    return builder.gep(base, [context.cast(builder, arguments[1], index, types.intp)])


def _operand(context: Any, builder: Any, signature: Any, arguments: Any, place: int) -> Any:
    return context.cast(builder, arguments[place], signature.args[place], _word_of(signature.args[0]))


def _load(name: str, order: str) -> Any:
    def typed(_: Any, p: Any, i: Any) -> Any:
        word = _word_of(p)
        if word is None or not isinstance(i, types.Integer):
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.load_atomic(_address(context, builder, signature, arguments), order, _ALIGN)

        return word(p, i), generate

    typed.__name__ = name
    return intrinsic(typed)


def _store(name: str, order: str) -> Any:
    def typed(_: Any, p: Any, i: Any, value: Any) -> Any:
        if _word_of(p) is None or not isinstance(i, types.Integer) or not isinstance(value, types.Integer):
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            word = _operand(context, builder, signature, arguments, 2)
            builder.store_atomic(word, _address(context, builder, signature, arguments), order, _ALIGN)
            return context.get_dummy_value()

        return types.void(p, i, value), generate

    typed.__name__ = name
    return intrinsic(typed)


def _read_modify_write(name: str, operation: str) -> Any:
    def typed(_: Any, p: Any, i: Any, value: Any) -> Any:
        word = _word_of(p)
        if word is None or not isinstance(i, types.Integer) or not isinstance(value, types.Integer):
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            operand = _operand(context, builder, signature, arguments, 2)
            return builder.atomic_rmw(operation, _address(context, builder, signature, arguments), operand, "acq_rel")

        return word(p, i, value), generate

    typed.__name__ = name
    return intrinsic(typed)


def _compare_and_swap(_: Any, p: Any, i: Any, old: Any, new: Any) -> Any:
    integers = isinstance(i, types.Integer) and isinstance(old, types.Integer) and isinstance(new, types.Integer)
    if _word_of(p) is None or not integers:
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature, arguments)
        expected = _operand(context, builder, signature, arguments, 2)
        wanted = _operand(context, builder, signature, arguments, 3)
        return builder.extract_value(builder.cmpxchg(address, expected, wanted, "acq_rel", "acquire"), 1)

    return types.boolean(p, i, old, new), generate


def _fence(name: str, order: str) -> Any:
    def typed(_: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            builder.fence(order)
            return context.get_dummy_value()

        return types.void(), generate

    typed.__name__ = name
    return intrinsic(typed)


def _pause(_: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.asm(ir.FunctionType(ir.VoidType(), []), _PAUSE, "~{memory}", [], True)
        return context.get_dummy_value()

    return types.void(), generate


load_acquire = _load("load_acquire", "acquire")
load_relaxed = _load("load_relaxed", "monotonic")
store_release = _store("store_release", "release")
store_relaxed = _store("store_relaxed", "monotonic")
fetch_add = _read_modify_write("fetch_add", "add")
exchange = _read_modify_write("exchange", "xchg")
compare_and_swap = intrinsic(_compare_and_swap)
fence_acquire = _fence("fence_acquire", "acquire")
fence_release = _fence("fence_release", "release")
fence_full = _fence("fence_full", "seq_cst")
pause = intrinsic(_pause)
