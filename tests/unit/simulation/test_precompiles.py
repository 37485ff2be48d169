"""Precompiled contracts against the vectors of their EIPs and, for hashes, Python's own."""

import hashlib

import pytest

from tallyio.simulation.evm import blake2, bn128, kzg
from tallyio.simulation.evm.code import EMPTY_CODE
from tallyio.simulation.evm.forks import Fork
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.evm.halt import Halt, UnsupportedError
from tallyio.simulation.evm.precompiles import active


def run(fork: Fork, address: int, data: bytes, gas: int = 10**9) -> tuple[bytes, int]:
    frame = Frame("CALL", EMPTY_CODE, address, address, 0, 0, data, gas, 1, False, (0, 0, 0))
    active(fork)[address](frame)
    return frame.output, gas - frame.gas


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(32) for value in values)


def test_blake2_vectors_of_eip_152() -> None:
    state = (
        "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
        "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b"
    )
    tail = "616263" + "00" * 125 + "03" + "00" * 15
    twelve = bytes.fromhex("0000000c" + state + tail + "01")
    assert blake2.compress(twelve) == hashlib.blake2b(b"abc").digest()
    none = blake2.compress(bytes.fromhex("00000000" + state + tail + "01")).hex()
    assert none.startswith("08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5")
    with pytest.raises(Halt):
        run(Fork.ISTANBUL, 9, twelve[:-1])


def test_hashes_and_identity() -> None:
    data = b"tally" * 20
    assert run(Fork.BERLIN, 2, data) == (hashlib.sha256(data).digest(), 60 + 12 * 4)
    assert run(Fork.BERLIN, 4, data) == (data, 15 + 3 * 4)
    assert run(Fork.BERLIN, 3, b"")[0].hex() == "00" * 12 + "9c1185a5c5e9fc54612808977ee8f548b2258d31"


def test_powers_and_their_price() -> None:
    prime = 2**256 - 2**32 - 977
    fermat = words(1, 32, 32) + b"\x03" + words(prime - 1, prime)  # the example of EIP-198: 13056 gas
    assert run(Fork.ISTANBUL, 5, fermat) == (words(1), 13_056)
    assert run(Fork.BERLIN, 5, fermat) == (words(1), 1_360)
    assert run(Fork.OSAKA, 5, fermat) == (words(1), 4_080)
    assert run(Fork.BERLIN, 5, b"") == (b"", 200)
    with pytest.raises(Halt):
        run(Fork.OSAKA, 5, words(0, 0, 1025))


def test_the_curve_of_pairings() -> None:
    double = bn128.add(words(1, 2, 1, 2))
    assert double == bn128.multiply(words(1, 2, 2))
    assert bn128.add(words(1, 2) + words(0, 0)) == words(1, 2)
    assert bn128.pairing(b"") == words(1)
    with pytest.raises(Halt):
        bn128.add(words(1, 3))
    with pytest.raises(Halt):
        bn128.pairing(bytes(191))


def test_a_pairing_of_opposites_is_one() -> None:
    from py_ecc.optimized_bn128 import G2, field_modulus, normalize

    x, y = normalize(G2)
    twisted = words(int(x.coeffs[1]), int(x.coeffs[0]), int(y.coeffs[1]), int(y.coeffs[0]))
    opposites = words(1, 2) + twisted + words(1, field_modulus - 2) + twisted
    assert bn128.pairing(opposites) == words(1)
    assert bn128.pairing(words(1, 2) + twisted) == words(0)


def test_a_constant_polynomial_opens_everywhere() -> None:
    """Its commitment is the constant times the generator, and its proof the point at infinity."""
    from py_ecc.bls.point_compression import compress_G1
    from py_ecc.optimized_bls12_381 import G1, multiply

    commitment = compress_G1(multiply(G1, 5)).to_bytes(48)
    proof = b"\xc0" + bytes(47)
    version = b"\x01" + hashlib.sha256(commitment).digest()[1:]
    assert kzg.evaluate(version + words(77, 5) + commitment + proof) == words(4_096, kzg.ORDER)
    with pytest.raises(Halt):
        kzg.evaluate(version + words(77, 6) + commitment + proof)
    with pytest.raises(Halt):
        kzg.evaluate(bytes(32) + words(77, 5) + commitment + proof)


def test_what_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="EIP-2537"):
        run(Fork.PRAGUE, 0x0B, b"")
    with pytest.raises(UnsupportedError, match="EIP-7951"):
        run(Fork.OSAKA, 0x100, b"")
    assert 0x0A not in active(Fork.SHANGHAI)
