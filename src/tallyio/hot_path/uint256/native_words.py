"""Words built, taken apart, loaded and stored: one intrinsic each."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from tallyio.hot_path.uint256.word import LIMB, PAIR, WORD, instruction, word

DOUBLE = ir.DoubleType()
LIMBS = 4
FRACTION_BITS = 52
EXPONENT_BIAS = 1023


def constant(value: int) -> Callable[[], Any]:
    """``value`` (below 2**256) as a callable of kernels; made at the level of a module."""

    def typed(typing_context: Any) -> Any:
        return word(), lambda context, builder, signature, arguments: ir.Constant(WORD, value)

    made: Callable[[], Any] = instruction(typed)
    return made


@instruction
def u256(typing_context: Any, x: Any) -> Any:
    """An integer of 64 bits as a word; negative numbers are read as uint64."""
    if not isinstance(x, types.Integer):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.zext(arguments[0], WORD)

    return word(types.uint64), generate


@instruction
def from_limbs(typing_context: Any, l0: Any, l1: Any, l2: Any, l3: Any) -> Any:
    """The word of four limbs, the lowest first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return joined(builder, arguments)

    return word(*[types.uint64] * LIMBS), generate


@instruction
def limb(typing_context: Any, a: Any, i: Any) -> Any:
    """Limb ``i`` of ``a``, 0 the lowest, as uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = builder.shl(builder.zext(arguments[1], WORD), ir.Constant(WORD, 6))
        return builder.trunc(builder.lshr(arguments[0], places), LIMB)

    return types.uint64(word, types.uint64), generate


def joined(builder: Any, limbs: Any) -> Any:
    """IR of the word of ``limbs``, the lowest first."""
    whole = builder.zext(limbs[0], WORD)
    for place, part in enumerate(limbs[1:], 1):
        whole = builder.or_(whole, builder.shl(builder.zext(part, WORD), ir.Constant(WORD, 64 * place)))
    return whole


def taken(builder: Any, value: Any, place: int) -> Any:
    """IR of limb ``place`` of a wide integer."""
    return builder.trunc(builder.lshr(value, ir.Constant(value.type, 64 * place)), LIMB)


def _address(context: Any, builder: Any, signature: Any, arguments: Any, kind: Any) -> Any:
    container, base = signature.args[0], arguments[0]
    if isinstance(container, types.Array):
        base = context.make_array(container)(context, builder, base).data
    index = context.cast(builder, arguments[1], signature.args[1], types.intp)
    return builder.bitcast(builder.gep(base, [index]), kind.as_pointer())


def _holds_limbs(p: Any, i: Any) -> bool:
    return isinstance(p, types.Array | types.CPointer) and p.dtype == types.uint64 and isinstance(i, types.Integer)


def _loader(kind: Any, name: str, doc: str) -> Any:
    def typed(typing_context: Any, p: Any, i: Any) -> Any:
        if not _holds_limbs(p, i):
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = builder.load(_address(context, builder, signature, arguments, kind), align=8)
            return value if kind is WORD else builder.zext(value, WORD)

        return word(p, i), generate

    typed.__name__, typed.__doc__ = name, doc
    return instruction(typed)


def _storer(kind: Any, name: str, doc: str) -> Any:
    def typed(typing_context: Any, p: Any, i: Any, a: Any) -> Any:
        if not _holds_limbs(p, i) or a != word:
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = arguments[2] if kind is WORD else builder.trunc(arguments[2], kind)
            builder.store(value, _address(context, builder, signature, arguments, kind), align=8)
            return context.get_dummy_value()

        return types.void(p, i, a), generate

    typed.__name__, typed.__doc__ = name, doc
    return instruction(typed)


load = _loader(WORD, "load", "The word in ``p[i:i+4]``.")
load128 = _loader(PAIR, "load128", "The word in ``p[i:i+2]``, its upper half zero.")
store = _storer(WORD, "store", "``a`` into ``p[i:i+4]``.")
store128 = _storer(PAIR, "store128", "The lower half of ``a`` into ``p[i:i+2]``.")


@instruction
def bits(typing_context: Any, a: Any) -> Any:
    """How many bits ``a`` has without leading zeros, as uint64: 0 for 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zeros = builder.trunc(builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0)), LIMB)
        return builder.sub(ir.Constant(LIMB, 256), zeros)

    return types.uint64(word), generate


@instruction
def to_float(typing_context: Any, a: Any) -> Any:
    """``a`` as a double, the sum of its halves: within two units of the last place.

    A product by a power of two is exact, so fused and separate additions round alike.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts = [builder.uitofp(taken(builder, arguments[0], place), DOUBLE) for place in range(LIMBS)]
        limb_up, half_up = ir.Constant(DOUBLE, 2.0**64), ir.Constant(DOUBLE, 2.0**128)
        low = builder.fma(parts[1], limb_up, parts[0])
        return builder.fma(builder.fma(parts[3], limb_up, parts[2]), half_up, low)

    return types.float64(word), generate


@instruction
def from_float(typing_context: Any, x: Any) -> Any:
    """The floor of ``x``; 0 below one and for NaN, the greatest word from 2**256 on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (x,) = arguments
        pattern = builder.bitcast(x, LIMB)
        exponent = builder.and_(builder.lshr(pattern, ir.Constant(LIMB, FRACTION_BITS)), ir.Constant(LIMB, 0x7FF))
        mantissa = builder.and_(pattern, ir.Constant(LIMB, 2**FRACTION_BITS - 1))
        mantissa = builder.zext(builder.or_(mantissa, ir.Constant(LIMB, 2**FRACTION_BITS)), WORD)
        unit = ir.Constant(LIMB, EXPONENT_BIAS + FRACTION_BITS)
        whole = builder.icmp_unsigned(">=", exponent, unit)
        left = builder.select(whole, builder.sub(exponent, unit), ir.Constant(LIMB, 0))
        right = builder.select(whole, ir.Constant(LIMB, 0), builder.sub(unit, exponent))
        mask = ir.Constant(LIMB, 255)
        value = builder.shl(mantissa, builder.zext(builder.and_(left, mask), WORD))
        value = builder.lshr(value, builder.zext(builder.and_(right, mask), WORD))
        small = builder.not_(builder.fcmp_ordered(">=", x, ir.Constant(DOUBLE, 1.0)))
        huge = builder.fcmp_ordered(">=", x, ir.Constant(DOUBLE, 2.0**256))
        value = builder.select(huge, ir.Constant(WORD, 2**256 - 1), value)
        return builder.select(small, ir.Constant(WORD, 0), value)

    return word(types.float64), generate


@instruction
def from_float_128(typing_context: Any, x: Any) -> Any:
    """The floor of ``x`` from 0 to below 2**116: one shift of half a word, where ``from_float`` shifts whole ones."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pattern = builder.bitcast(arguments[0], LIMB)
        exponent = builder.lshr(pattern, ir.Constant(LIMB, FRACTION_BITS))
        mantissa = builder.and_(pattern, ir.Constant(LIMB, 2**FRACTION_BITS - 1))
        mantissa = builder.or_(mantissa, ir.Constant(LIMB, 2**FRACTION_BITS))
        top = ir.Constant(LIMB, EXPONENT_BIAS + FRACTION_BITS + 64)
        places = builder.sub(top, exponent)
        last = ir.Constant(LIMB, 127)
        places = builder.select(builder.icmp_unsigned(">", places, last), last, places)
        high = builder.shl(builder.zext(mantissa, PAIR), ir.Constant(PAIR, 64))
        return builder.zext(builder.lshr(high, builder.zext(places, PAIR)), WORD)

    return word(types.float64), generate
