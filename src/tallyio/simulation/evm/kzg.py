"""The point evaluation precompile (EIP-4844): a KZG opening proof over BLS12-381, on ``py_ecc``."""

import hashlib
from functools import cache
from typing import Any

from tallyio.simulation.evm.halt import Halt

ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
_FIELD_ELEMENTS = 4_096
_TAU_G2 = (
    "b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72"
    "185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2"
)
"""The second power of the ceremony's secret in G2, compressed (the trusted setup of the consensus specifications)."""


def evaluate(data: bytes) -> bytes:
    """Raises ``Halt`` unless the proof holds."""
    if len(data) != 192:
        raise Halt("bad length of a point evaluation's input")
    commitment, proof = data[96:144], data[144:]
    if data[:32] != b"\x01" + hashlib.sha256(commitment).digest()[1:]:
        raise Halt("the commitment is not of that blob")
    z, y = int.from_bytes(data[32:64]), int.from_bytes(data[64:96])
    if z >= ORDER or y >= ORDER or not _holds(_point(commitment), z, y, _point(proof)):
        raise Halt("the proof of a point evaluation does not hold")
    return _FIELD_ELEMENTS.to_bytes(32) + ORDER.to_bytes(32)


def _holds(commitment: Any, z: int, y: int, proof: Any) -> bool:
    """e(commitment - y, 1) = e(proof, tau - z)."""
    from py_ecc.optimized_bls12_381 import FQ12, G1, G2, add, final_exponentiate, multiply, neg, pairing

    left = add(commitment, neg(multiply(G1, y)))
    right = add(_tau(), neg(multiply(G2, z)))
    product = pairing(G2, left, final_exponentiate=False) * pairing(right, neg(proof), final_exponentiate=False)
    return bool(final_exponentiate(product) == FQ12.one())


def _point(data: bytes) -> Any:
    from py_ecc.bls.point_compression import decompress_G1
    from py_ecc.bls.typing import G1Compressed
    from py_ecc.optimized_bls12_381 import curve_order, is_inf, multiply

    try:
        point = decompress_G1(G1Compressed(int.from_bytes(data)))
    except ValueError:
        raise Halt("a point outside of the curve") from None
    if not is_inf(multiply(point, curve_order)):
        raise Halt("a point outside of the subgroup")
    return point


@cache
def _tau() -> Any:
    from py_ecc.bls.point_compression import decompress_G2
    from py_ecc.bls.typing import G2Compressed

    raw = bytes.fromhex(_TAU_G2)
    return decompress_G2(G2Compressed((int.from_bytes(raw[:48]), int.from_bytes(raw[48:]))))
