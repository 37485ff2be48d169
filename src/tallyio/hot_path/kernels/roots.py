"""Square and cube roots: doubles give the first bits and then what is left of the radicand; products prove the root."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.ratio import over
from tallyio.hot_path.kernels.signed import signed_float
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import bits, constant, div_small, fits, from_float, load, mul_128, store, to_float, u256

Word = Any
Words = Any
Real = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_THREE = np.uint64(3)
_FAR = 254
_NO_SCALING = constant(115_792_089_237_316_195_423_570_985_008_687_907_853_269)
_NO_SCALING_WAD = constant(115_792_089_237_316_195_423_570_985_008_687_907_853_269 * 10**18)
_WAD_SQUARED = constant(10**36)
_WAD = np.uint64(10**18)
_BACK_MIDDLE, _BACK_LARGE = np.uint64(10**6), np.uint64(10**12)
_NEWTON = 7


@kernel
def _moved(a: Word, by: Real) -> Word:
    return a - from_float(-by) if by < 0.0 else a + from_float(by)


@kernel
def _square_root(a: Word) -> Word:
    """The floor of the root of ``a``, below ``2**254``."""
    root = from_float(np.sqrt(to_float(a)))
    if root == u256(_ZERO):
        return root
    for _ in range(2):
        rest = a - mul_128(root, root)
        root = _moved(root, signed_float(rest) / (2.0 * to_float(root)))
    while mul_128(root, root) > a:
        root = root - u256(_ONE)
    while True:
        more = root + u256(_ONE)
        if mul_128(more, more) > a:
            return root
        root = more


def _square_root_entry(a: Words, out: Words) -> int:
    store(out, 0, _square_root(load(a, 0)))
    return 0


square_root = linked("square_root", "w", "w", _square_root, _square_root_entry)


@kernel
def _cube_root(x: Word) -> Word:
    """The cube root of ``x`` (1e18) as CryptoSwap's contracts end on it after seven Newton steps from a power of two.

    From there the seventh step is on the floor of the root, unless the radicand is so near the next cube that the
    floor is no fixed point: ``a // r**2 == r + 3``. That rare case takes the steps themselves.
    """
    if x == u256(_ZERO):
        return x
    if x >= _NO_SCALING_WAD():
        return _newton_or_floor(x) * u256(_BACK_LARGE)
    if x >= _NO_SCALING():
        return _newton_or_floor(x * u256(_WAD)) * u256(_BACK_MIDDLE)
    return _newton_or_floor(x * _WAD_SQUARED())


@kernel
def _newton_or_floor(a: Word) -> Word:
    if not fits(a, np.uint64(_FAR)):
        return _steps(a)
    root = from_float(np.cbrt(to_float(a)))
    rest = a - mul_128(root, root) * root
    slope = to_float(root)
    root = _moved(root, signed_float(rest) / (3.0 * slope * slope))
    square = mul_128(root, root)
    cube = square * root
    while cube > a:
        root = root - u256(_ONE)
        square = mul_128(root, root)
        cube = square * root
    rest = a - cube
    triple = square + square + square
    if rest >= triple:
        return _steps(a)
    return root


@kernel
def _steps(a: Word) -> Word:
    exponent = bits(a) - _ONE
    power, more = exponent // _THREE, exponent % _THREE
    root = u256(_ONE) << power
    if more == _ONE:
        root, _ = div_small(root * u256(np.uint64(1260)), np.uint64(1000))
    elif more != _ZERO:
        root, _ = div_small(root * u256(np.uint64(1260 * 1260)), np.uint64(1000 * 1000))
    for _ in range(_NEWTON):
        root, _ = div_small(root + root + over(a, mul_128(root, root)), _THREE)
    return root


def _cube_root_entry(x: Words, out: Words) -> int:
    store(out, 0, _cube_root(load(x, 0)))
    return 0


cube_root = linked("cube_root", "w", "w", _cube_root, _cube_root_entry)
