"""What one instruction or a few do on limbs: products of 128 bits, division of 128 by 64 bits, wide shifts."""

# mypy: disable-error-code="no-untyped-call"

import platform
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils

from tallyio.hot_path.uint256.native_words import taken
from tallyio.hot_path.uint256.word import LIMB, PAIR, WIDE, WORD, instruction, word

binding.initialize_native_asmparser()  # LLVM ends the process at inline assembly without it

HAS_DIVQ = platform.machine() == "x86_64"
_TWO = types.UniTuple(types.uint64, 2)


def _pair(builder: Any, high: Any, low: Any) -> Any:
    return builder.or_(builder.shl(builder.zext(high, PAIR), ir.Constant(PAIR, 64)), builder.zext(low, PAIR))


def _product(builder: Any, a: Any, b: Any) -> Any:
    return builder.mul(builder.zext(a, PAIR), builder.zext(b, PAIR))


@instruction
def multiply_limbs(typing_context: Any, a: Any, b: Any) -> Any:
    """The product of two limbs: high limb, low limb."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = _product(builder, *arguments)
        return context.make_tuple(
            builder, signature.return_type, [taken(builder, product, 1), taken(builder, product, 0)]
        )

    return _TWO(types.uint64, types.uint64), generate


@instruction
def divq(typing_context: Any, high: Any, low: Any, d: Any) -> Any:
    """Quotient and remainder of ``high:low`` by ``d``, with the instruction of x86-64. Needs ``high < d``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.LiteralStructType([LIMB, LIMB]), [LIMB] * 3)
        places = "={rax},={rdx},{rdx},{rax},r,~{flags}"
        answer = builder.asm(kind, "divq $4", places, list(arguments), side_effect=False)
        return context.make_tuple(builder, signature.return_type, [builder.extract_value(answer, i) for i in range(2)])

    return _TWO(types.uint64, types.uint64, types.uint64), generate


@instruction
def leading_zeros(typing_context: Any, a: Any) -> Any:
    """Leading zero bits of a limb, 64 for 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@instruction
def shifted_in(typing_context: Any, high: Any, low: Any, places: Any) -> Any:
    """The high limb of ``high:low << places``, for ``places`` below 64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(LIMB, [LIMB] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.fshl.i64"), arguments)

    return types.uint64(*[types.uint64] * 3), generate


@instruction
def multiply_wide(typing_context: Any, a: Any, b: Any) -> Any:
    """The product of two words: high word, low word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.mul(*(builder.zext(x, WIDE) for x in arguments))
        high = builder.trunc(builder.lshr(product, ir.Constant(WIDE, 256)), WORD)
        return context.make_tuple(builder, signature.return_type, [high, builder.trunc(product, WORD)])

    return types.UniTuple(word, 2)(word, word), generate


@instruction
def multiply_low(typing_context: Any, c1: Any, c0: Any, q: Any) -> Any:
    """``(c1:c0) * q`` as a word of at most 192 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        c1, c0, q = arguments
        low = _product(builder, c0, q)
        high = builder.add(_product(builder, c1, q), builder.lshr(low, ir.Constant(PAIR, 64)))
        upper = builder.shl(builder.zext(high, WORD), ir.Constant(WORD, 64))
        return builder.or_(upper, builder.zext(taken(builder, low, 0), WORD))

    return word(*[types.uint64] * 3), generate


@instruction
def divide_step(typing_context: Any, u2: Any, u1: Any, u0: Any, d1: Any, d0: Any, v: Any) -> Any:
    """Quotient limb and remainder (high, low) of three limbs by two, given the reciprocal ``v`` of the divisor.

    Needs ``(u2:u1) < (d1:d0)`` and the top bit of ``d1``. Algorithm 4 of Möller and Granlund, Improved Division by
    Invariant Integers, IEEE Transactions on Computers 60 (2011).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        u2, u1, u0, d1, d0, v = arguments
        divisor = _pair(builder, d1, d0)
        estimate = builder.add(_product(builder, v, u2), _pair(builder, u2, u1))
        q, fraction = taken(builder, estimate, 1), taken(builder, estimate, 0)
        rest = _pair(builder, builder.sub(u1, builder.mul(q, d1)), u0)
        rest = builder.sub(builder.sub(rest, _product(builder, d0, q)), divisor)
        too_large = builder.icmp_unsigned(">=", taken(builder, rest, 1), fraction)
        q = builder.select(too_large, q, builder.add(q, ir.Constant(LIMB, 1)))
        rest = builder.select(too_large, builder.add(rest, divisor), rest)
        short = builder.icmp_unsigned(">=", rest, divisor)
        q = builder.select(short, builder.add(q, ir.Constant(LIMB, 1)), q)
        rest = builder.select(short, builder.sub(rest, divisor), rest)
        parts = [q, taken(builder, rest, 1), taken(builder, rest, 0)]
        return context.make_tuple(builder, signature.return_type, parts)

    return types.UniTuple(types.uint64, 3)(*[types.uint64] * 6), generate
