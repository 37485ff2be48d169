"""The curve of EIP-196 and EIP-197 on ``py_ecc``: addition, multiplication and the pairing check."""

from typing import Any

from tallyio.simulation.evm.halt import Halt

_PIECE = 192


def add(data: bytes) -> bytes:
    from py_ecc.optimized_bn128 import add as plus

    data = data[:128].ljust(128, b"\0")
    return _point_bytes(plus(_point(data[:64]), _point(data[64:])))


def multiply(data: bytes) -> bytes:
    from py_ecc.optimized_bn128 import multiply as times

    data = data[:96].ljust(96, b"\0")
    return _point_bytes(times(_point(data[:64]), int.from_bytes(data[64:])))


def pairing(data: bytes) -> bytes:
    """32 bytes: one where the product of the pairings is one, else zero."""
    from py_ecc.optimized_bn128 import FQ12, curve_order, final_exponentiate, is_inf
    from py_ecc.optimized_bn128 import multiply as times
    from py_ecc.optimized_bn128 import pairing as pair

    if len(data) % _PIECE:
        raise Halt("bad length of a pairing's input")
    product = FQ12.one()
    for at in range(0, len(data), _PIECE):
        left, right = _point(data[at : at + 64]), _twisted(data[at + 64 : at + _PIECE])
        if not is_inf(times(right, curve_order)):
            raise Halt("a point outside of the subgroup")
        product *= pair(right, left, final_exponentiate=False)
    return int(final_exponentiate(product) == FQ12.one()).to_bytes(32)


def _point(data: bytes) -> Any:
    from py_ecc.optimized_bn128 import FQ, b, is_on_curve

    x, y = _number(data[:32]), _number(data[32:])
    point = (FQ(1), FQ(1), FQ(0)) if x == y == 0 else (FQ(x), FQ(y), FQ(1))
    if not is_on_curve(point, b):
        raise Halt("a point outside of the curve")
    return point


def _twisted(data: bytes) -> Any:
    from py_ecc.optimized_bn128 import FQ2, b2, is_on_curve

    x_imaginary, x_real, y_imaginary, y_real = (_number(data[at : at + 32]) for at in range(0, 128, 32))
    x, y = FQ2([x_real, x_imaginary]), FQ2([y_real, y_imaginary])
    zero = x == FQ2.zero() and y == FQ2.zero()
    point = (FQ2.one(), FQ2.one(), FQ2.zero()) if zero else (x, y, FQ2.one())
    if not is_on_curve(point, b2):
        raise Halt("a point outside of the curve")
    return point


def _number(data: bytes) -> int:
    from py_ecc.optimized_bn128 import field_modulus

    value = int.from_bytes(data)
    if value >= field_modulus:
        raise Halt("a coordinate outside of the field")
    return value


def _point_bytes(point: Any) -> bytes:
    from py_ecc.optimized_bn128 import is_inf, normalize

    if is_inf(point):
        return bytes(64)
    x, y = normalize(point)
    return int(x).to_bytes(32) + int(y).to_bytes(32)
