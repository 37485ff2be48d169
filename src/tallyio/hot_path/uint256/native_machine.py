"""What one instruction or a few do on limbs: products of 128 bits, division by reciprocals, wide shifts."""

# mypy: disable-error-code="no-untyped-call"

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from tallyio.hot_path.uint256.native_words import taken
from tallyio.hot_path.uint256.word import LIMB, PAIR, WIDE, WORD, instruction, word

DOUBLE = ir.DoubleType()
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
def limb_reciprocal(typing_context: Any, d: Any) -> Any:
    """``floor((2**128 - 1) / d) - 2**64`` for ``d`` with its top bit set.

    A double gives the first 51 bits: ``s`` near ``2**115 / d``. What is left, ``e = 2**115 - s * d``, is exact in 128
    bits, and ``s * 2**13 + e * s / 2**102`` misses the quotient by less than one. The remainder then tells which of
    three neighbours it is. No instruction for wide division is needed, which is slow on some processors and absent
    on others.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (d,) = arguments
        seed = builder.fdiv(ir.Constant(DOUBLE, 2.0**115), builder.uitofp(d, DOUBLE))
        near = builder.zext(builder.fptosi(seed, LIMB), PAIR)
        wide = builder.zext(d, PAIR)
        left = builder.sub(ir.Constant(PAIR, 1 << 115), builder.mul(near, wide))
        more = builder.ashr(builder.mul(left, near), ir.Constant(PAIR, 102))
        whole = builder.add(builder.shl(near, ir.Constant(PAIR, 13)), more)
        rest = builder.not_(builder.mul(whole, wide))
        above = builder.icmp_signed("<", rest, ir.Constant(PAIR, 0))
        under = builder.icmp_signed(">=", rest, wide)
        low = builder.trunc(whole, LIMB)
        low = builder.sub(low, builder.zext(above, LIMB))
        return builder.add(low, builder.zext(under, LIMB))

    return types.uint64(types.uint64), generate


@instruction
def divide_limb_step(typing_context: Any, u1: Any, u0: Any, d: Any, v: Any) -> Any:
    """Quotient limb and remainder of two limbs by one, given its reciprocal ``v``; ``u1 < d``, top bit of ``d`` set.

    Algorithm 4 of Möller and Granlund, Improved Division by Invariant Integers, IEEE Transactions on Computers 60
    (2011).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        u1, u0, d, v = arguments
        estimate = builder.add(_product(builder, v, u1), _pair(builder, u1, u0))
        q, fraction = builder.add(taken(builder, estimate, 1), ir.Constant(LIMB, 1)), taken(builder, estimate, 0)
        rest = builder.sub(u0, builder.mul(q, d))
        too_large = builder.icmp_unsigned(">", rest, fraction)
        q = builder.select(too_large, builder.sub(q, ir.Constant(LIMB, 1)), q)
        rest = builder.select(too_large, builder.add(rest, d), rest)
        short = builder.icmp_unsigned(">=", rest, d)
        q = builder.select(short, builder.add(q, ir.Constant(LIMB, 1)), q)
        rest = builder.select(short, builder.sub(rest, d), rest)
        return context.make_tuple(builder, signature.return_type, [q, rest])

    return _TWO(*[types.uint64] * 4), generate


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
def mul_128(typing_context: Any, a: Any, b: Any) -> Any:
    """The product of the lower halves of two words, which never wraps."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.mul(*(builder.zext(builder.trunc(x, PAIR), WORD) for x in arguments))

    return word(word, word), generate


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

    Needs ``(u2:u1) < (d1:d0)`` and the top bit of ``d1``. Algorithm 5 of the same paper.
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
