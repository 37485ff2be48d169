"""The Numba type of a 256-bit word, LLVM's ``i256``, and its operators."""

# mypy: disable-error-code="no-untyped-call"

import operator
from collections.abc import Callable
from typing import Any, ClassVar

from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

WORD = ir.IntType(256)
LIMB = ir.IntType(64)
PAIR = ir.IntType(128)
WIDE = ir.IntType(512)


class Word(types.Type):
    """An unsigned integer of 256 bits, held in registers."""

    def __init__(self) -> None:
        super().__init__(name="uint256")


word = Word()


def instruction(typed: Callable[..., Any]) -> Any:
    """Numba's ``intrinsic``, of no type: a kernel calls it without the context that ``typed`` takes first."""
    return intrinsic(typed)


@register_model(Word)
class _WordModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, WORD)


def _operator(symbol: Callable[..., Any], result: Any, emit: Callable[[Any, Any, Any], Any]) -> None:
    class Template(ConcreteTemplate):
        cases: ClassVar[list[Any]] = [signature(result, word, word)]

    infer_global(symbol)(Template)

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return emit(builder, *arguments)

    lower_builtin(symbol, Word, Word)(generate)


def _shift(symbol: Callable[..., Any], emit: Callable[[Any, Any, Any], Any]) -> None:
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) == 2 and isinstance(args[0], Word) and isinstance(args[1], types.Integer):
                return signature(word, word, types.uint64)
            return None

    infer_global(symbol)(Template)

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return emit(builder, arguments[0], builder.zext(arguments[1], WORD))

    lower_builtin(symbol, Word, types.uint64)(generate)


def _binary(name: str) -> Callable[[Any, Any, Any], Any]:
    return lambda builder, a, b: getattr(builder, name)(a, b)


def _compared(relation: str) -> Callable[[Any, Any, Any], Any]:
    return lambda builder, a, b: builder.icmp_unsigned(relation, a, b)


for _symbol, _name in (
    (operator.add, "add"),
    (operator.sub, "sub"),
    (operator.mul, "mul"),
    (operator.and_, "and_"),
    (operator.or_, "or_"),
    (operator.xor, "xor"),
):
    _operator(_symbol, word, _binary(_name))

for _order, _relation in (
    (operator.eq, "=="),
    (operator.ne, "!="),
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
):
    _operator(_order, types.boolean, _compared(_relation))

_shift(operator.lshift, lambda builder, a, n: builder.shl(a, n))
_shift(operator.rshift, lambda builder, a, n: builder.lshr(a, n))


@infer_global(operator.invert)
class _Invert(ConcreteTemplate):
    cases: ClassVar[list[Any]] = [signature(word, word)]


lower_builtin(operator.invert, Word)(lambda context, builder, sig, arguments: builder.not_(arguments[0]))
