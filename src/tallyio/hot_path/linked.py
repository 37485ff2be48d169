"""Kernels compiled once and called by address.

Numba copies the whole code of a kernel into each that calls it and optimises it there again: what many call, and what
is large and called through several others, is compiled over and over. A linked kernel is compiled by itself; its
callers know its name alone, which the loader finds. Its import compiles it, or loads it from the cache. As plain Python
it is the function itself.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tallyio.hot_path.compiled import DISABLED

Kernel = Callable[..., Any]
_PREFIX = "tallyio_"

if TYPE_CHECKING or DISABLED:

    def linked(
        name: str, kinds: str, answer: str, body: Callable[..., Any], entry: Callable[..., Any]
    ) -> Callable[..., Any]:
        """``body`` for kernels to call. ``kinds`` are its arguments: w a word, p a pointer to uint64, i an integer of
        64 bits; ``answer`` is "w" for a word, "wi" for a word and an integer.

        ``entry`` does the same with each word behind a pointer, a last pointer for the word that it answers, and the
        integer, or 0, as its own answer.
        """
        return body

    def linked_reals(name: str, body: Kernel, entry: Kernel) -> Kernel:
        """``body(pointer, integer, integer, integer, real) -> (real, real)`` for kernels to call; ``entry`` has a last
        pointer for the first of the reals and answers the second."""
        return body

else:
    import numba
    from llvmlite import binding, ir
    from numba import types
    from numba.core import cgutils

    from tallyio.hot_path.uint256.word import LIMB, WORD, instruction, word

    _LIMBS = types.CPointer(types.uint64)
    _ENTERED = {"w": _LIMBS, "p": _LIMBS, "i": types.int64}
    _CALLED = {"w": word, "p": _LIMBS, "i": types.int64}
    _KEPT: list[Any] = []

    def linked(name: str, kinds: str, answer: str, body: Callable[..., Any], entry: Callable[..., Any]) -> Any:
        signature = types.int64(*(_ENTERED[kind] for kind in kinds), _LIMBS)
        compiled = numba.cfunc(signature, cache=True, error_model="numpy", boundscheck=False)(entry)
        binding.add_symbol(_PREFIX + name, compiled.address)
        _KEPT.append(compiled)
        return _caller(_PREFIX + name, kinds, answer)

    def _caller(symbol: str, kinds: str, answer: str) -> Any:
        result = word if answer == "w" else types.Tuple((word, types.int64))
        called = result(*(_CALLED[kind] for kind in kinds))

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            address = LIMB.as_pointer()
            kind = ir.FunctionType(LIMB, [LIMB if each == "i" else address for each in kinds] + [address])
            function = cgutils.get_or_insert_function(builder.module, kind, symbol)
            passed = []
            for each, value in zip(kinds, arguments, strict=True):
                passed.append(_behind(builder, value) if each == "w" else value)
            out = cgutils.alloca_once(builder, WORD)
            code = builder.call(function, [*passed, builder.bitcast(out, address)])
            found = builder.load(out)
            return found if answer == "w" else context.make_tuple(builder, signature.return_type, [found, code])

        return instruction(_TYPED[len(kinds)](called, generate))

    def linked_reals(name: str, body: Kernel, entry: Kernel) -> Kernel:
        real, whole = types.float64, types.int64
        signature = real(_LIMBS, whole, whole, whole, real, types.CPointer(real))
        compiled = numba.cfunc(signature, cache=True, error_model="numpy", boundscheck=False)(entry)
        binding.add_symbol(_PREFIX + name, compiled.address)
        _KEPT.append(compiled)
        called = types.UniTuple(real, 2)(_LIMBS, whole, whole, whole, real)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            double = ir.DoubleType()
            kind = ir.FunctionType(double, [LIMB.as_pointer(), LIMB, LIMB, LIMB, double, double.as_pointer()])
            out = cgutils.alloca_once(builder, double)
            function = cgutils.get_or_insert_function(builder.module, kind, _PREFIX + name)
            second = builder.call(function, [*arguments, out])
            return context.make_tuple(builder, signature.return_type, [builder.load(out), second])

        return instruction(_TYPED[5](called, generate))

    def _behind(builder: Any, value: Any) -> Any:
        place = cgutils.alloca_once(builder, WORD)
        builder.store(value, place)
        return builder.bitcast(place, LIMB.as_pointer())

    _TYPED: dict[int, Callable[[Any, Any], Any]] = {
        1: lambda called, generate: lambda context, a: (called, generate),
        2: lambda called, generate: lambda context, a, b: (called, generate),
        3: lambda called, generate: lambda context, a, b, c: (called, generate),
        4: lambda called, generate: lambda context, a, b, c, d: (called, generate),
        5: lambda called, generate: lambda context, a, b, c, d, e: (called, generate),
        8: lambda called, generate: lambda context, a, b, c, d, e, f, g, h: (called, generate),
    }
