"""Raw pointers into arrays, for kernels.

An array passed from kernel to kernel is seven words with a reference count that is moved atomically at every call. A
pointer is one word: a loop turns its arrays into pointers once, at its entry, and indexes those. Nothing holds the
array alive and no index is checked: both are the caller's. As plain Python a pointer is the array itself, or a view.
"""

from typing import TYPE_CHECKING, Any

from tallyio.hot_path.compiled import DISABLED

Array = Any
Pointer = Any
Index = Any

if TYPE_CHECKING or DISABLED:

    def pointer(array: Array) -> Pointer:
        """The address of the first item of a contiguous ``array``; ``p[i]`` reads and writes its items."""
        return array

    def pointer_at(p: Pointer, offset: Index) -> Pointer:
        """The pointer ``offset`` items further on."""
        return p[int(offset) :]

    def prefetch(p: Pointer, index: Index) -> None:
        """Ask the processor to bring the line of ``p[index]`` into its first cache; changes no result."""

else:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    _READ, _KEEP, _DATA = 0, 3, 1

    @intrinsic
    def pointer(typing_context: Any, array: Any) -> Any:
        """The address of the first item of a contiguous ``array``; ``p[i]`` reads and writes its items."""
        if isinstance(array, types.CPointer):
            return array(array), lambda context, builder, signature, arguments: arguments[0]
        if not isinstance(array, types.Array) or array.layout != "C":
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return context.make_array(signature.args[0])(context, builder, arguments[0]).data

        return types.CPointer(array.dtype)(array), generate

    @intrinsic
    def pointer_at(typing_context: Any, p: Any, offset: Any) -> Any:
        """The pointer ``offset`` items further on."""
        if not isinstance(p, types.CPointer) or not isinstance(offset, types.Integer):
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.gep(arguments[0], [context.cast(builder, arguments[1], signature.args[1], types.intp)])

        return p(p, offset), generate

    @intrinsic
    def prefetch(typing_context: Any, p: Any, index: Any) -> Any:
        """Ask the processor to bring the line of ``p[index]`` into its first cache; changes no result."""
        if not isinstance(p, types.CPointer) or not isinstance(index, types.Integer):
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            address = builder.gep(arguments[0], [context.cast(builder, arguments[1], signature.args[1], types.intp)])
            address = builder.bitcast(address, cgutils.voidptr_t)
            flag = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, flag, flag, flag])
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            builder.call(function, [address, flag(_READ), flag(_KEEP), flag(_DATA)])
            return context.get_dummy_value()

        return types.void(p, index), generate
