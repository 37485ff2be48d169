"""Sixteen float32 compared at once: one vector instruction where the processor has the registers."""

from typing import TYPE_CHECKING, Any

from tallyio.hot_path.compiled import DISABLED

LANES = 16

Pointer = Any
Index = Any
Real = Any

if TYPE_CHECKING or DISABLED:

    def lanes_above(p: Pointer, i: Index, limit: Real) -> int:
        """Which of ``p[i]`` to ``p[i + 15]`` (float32, on a 64-byte line) exceed ``limit``: a bit each."""
        return sum(1 << k for k in range(LANES) if p[i + k] > limit)

    def lowest(mask: Any) -> int:
        """The place of the lowest bit that is set in an uint64 other than 0."""
        return (int(mask) & -int(mask)).bit_length() - 1

else:
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    _LINE = 64

    @intrinsic
    def lanes_above(typing_context: Any, p: Any, i: Any, limit: Any) -> Any:
        """Which of ``p[i]`` to ``p[i + 15]`` (float32, on a 64-byte line) exceed ``limit``: a bit each."""
        if not isinstance(p, types.CPointer) or p.dtype != types.float32:
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector = ir.VectorType(ir.FloatType(), LANES)
            at = builder.gep(arguments[0], [context.cast(builder, arguments[1], signature.args[1], types.intp)])
            values = builder.load(builder.bitcast(at, vector.as_pointer()), align=_LINE)
            bound = context.cast(builder, arguments[2], signature.args[2], types.float32)
            whole = ir.Constant(vector, ir.Undefined)
            for lane in range(LANES):
                whole = builder.insert_element(whole, bound, ir.Constant(ir.IntType(32), lane))
            mask = builder.bitcast(builder.fcmp_ordered(">", values, whole), ir.IntType(LANES))
            return builder.zext(mask, ir.IntType(64))

        return types.uint64(p, i, limit), generate

    @intrinsic
    def lowest(typing_context: Any, mask: Any) -> Any:
        """The place of the lowest bit that is set in an uint64 other than 0."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

        return types.int64(types.uint64), generate
