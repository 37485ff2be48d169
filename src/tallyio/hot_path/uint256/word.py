"""The Numba type of a 256-bit word, LLVM's ``i256``, and its operators."""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, ConcreteTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

WORD = ir.IntType(256)
LIMB = ir.IntType(64)
PAIR = ir.IntType(128)
WIDE = ir.IntType(512)


class Word(types.Type):  # type: ignore[misc]  # Numba has no types
    """An unsigned integer of 256 bits, held in registers."""

    def __init__(self) -> None:
        super().__init__(name="uint256")


word = Word()


@register_model(Word)
class _WordModel(models.PrimitiveModel):  # type: ignore[misc]  # Numba has no types
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, WORD)


def _operator(symbol: Callable[..., Any], result: Any, emit: Callable[[Any, Any, Any], Any]) -> None:
    class Template(ConcreteTemplate):  # type: ignore[misc]  # Numba has no types
        cases = [signature(result, word, word)]

    infer_global(symbol)(Template)

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return emit(builder, *arguments)

    lower_builtin(symbol, Word, Word)(generate)


def _shift(symbol: Callable[..., Any], emit: Callable[[Any, Any, Any], Any]) -> None:
    class Template(AbstractTemplate):  # type: ignore[misc]  # Numba has no types
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) == 2 and isinstance(args[0], Word) and isinstance(args[1], types.Integer):
                return signature(word, word, types.uint64)
            return None

    infer_global(symbol)(Template)

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return emit(builder, arguments[0], builder.zext(arguments[1], WORD))

    lower_builtin(symbol, Word, types.uint64)(generate)


for _symbol, _name in (
    (operator.add, "add"),
    (operator.sub, "sub"),
    (operator.mul, "mul"),
    (operator.and_, "and_"),
    (operator.or_, "or_"),
    (operator.xor, "xor"),
):
    _operator(_symbol, word, lambda builder, a, b, name=_name: getattr(builder, name)(a, b))

for _symbol, _relation in (
    (operator.eq, "=="),
    (operator.ne, "!="),
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
):
    _operator(
        _symbol,
        types.boolean,
        lambda builder, a, b, relation=_relation: builder.icmp_unsigned(relation, a, b),
    )

_shift(operator.lshift, lambda builder, a, n: builder.shl(a, n))
_shift(operator.rshift, lambda builder, a, n: builder.lshr(a, n))


@lower_builtin(operator.invert, Word)  # type: ignore[untyped-decorator]
def _invert(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    return builder.not_(arguments[0])


@infer_global(operator.invert)
class _Invert(ConcreteTemplate):  # type: ignore[misc]  # Numba has no types
    cases = [signature(word, word)]
