"""Contracts that the protocol itself computes, by address and fork.

Sources: Yellow Paper appendix E; EIP-152, 196, 197, 198, 1108, 2565, 4844, 7823, 7883. The curves of EIP-2537 and
EIP-7951 are refused by name.
"""

import hashlib
from collections.abc import Callable

import coincurve
from Crypto.Hash import RIPEMD160

from tallyio.chains.keccak import keccak256
from tallyio.simulation.evm import blake2, bn128, kzg
from tallyio.simulation.evm.forks import Fork
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.evm.halt import Halt, UnsupportedError
from tallyio.simulation.evm.host import words
from tallyio.simulation.evm.state import hex_address

Precompile = Callable[[Frame], None]
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1


def pay(frame: Frame, gas: int) -> None:
    frame.gas -= gas
    if frame.gas < 0:
        raise Halt("out of gas")


def _recover(frame: Frame) -> None:
    pay(frame, 3_000)
    data = frame.data[:128].ljust(128, b"\0")
    v, r, s = (int.from_bytes(data[at : at + 32]) for at in (32, 64, 96))
    if v not in (27, 28) or not 0 < r < _ORDER or not 0 < s < _ORDER:
        return
    try:
        key = coincurve.PublicKey.from_signature_and_message(data[64:] + bytes([v - 27]), data[:32], hasher=None)
    except Exception:  # coincurve raises bare ``Exception`` where the recovery fails
        return
    frame.output = bytes(12) + keccak256(key.format(compressed=False)[1:])[12:]


def _sha256(frame: Frame) -> None:
    pay(frame, 60 + 12 * words(len(frame.data)))
    frame.output = hashlib.sha256(frame.data).digest()


def _ripemd160(frame: Frame) -> None:
    pay(frame, 600 + 120 * words(len(frame.data)))
    frame.output = bytes(12) + RIPEMD160.new(frame.data).digest()


def _identity(frame: Frame) -> None:
    pay(frame, 15 + 3 * words(len(frame.data)))
    frame.output = frame.data


def _power(fork: Fork) -> Precompile:
    def power(frame: Frame) -> None:
        head = frame.data[:96].ljust(96, b"\0")
        base_size, exponent_size, size = (int.from_bytes(head[at : at + 32]) for at in (0, 32, 64))
        if fork >= Fork.OSAKA and max(base_size, exponent_size, size) > 1_024:
            raise Halt("modular exponentiation above 1024 bytes")
        rest = frame.data[96:]
        first = rest[base_size : base_size + min(exponent_size, 32)].ljust(min(exponent_size, 32), b"\0")
        pay(frame, _power_gas(fork, base_size, exponent_size, size, int.from_bytes(first)))
        if size == 0:
            return
        data = rest.ljust(base_size + exponent_size + size, b"\0")
        base = int.from_bytes(data[:base_size])
        exponent = int.from_bytes(data[base_size : base_size + exponent_size])
        modulus = int.from_bytes(data[base_size + exponent_size : base_size + exponent_size + size])
        frame.output = (pow(base, exponent, modulus) if modulus else 0).to_bytes(size)

    return power


def _power_gas(fork: Fork, base_size: int, exponent_size: int, size: int, first: int) -> int:
    longest, head = max(base_size, size), max(first.bit_length() - 1, 0)
    if fork < Fork.BERLIN:
        iterations = max(8 * max(exponent_size - 32, 0) + head, 1)
        if longest <= 64:
            work = longest * longest
        elif longest <= 1_024:
            work = longest * longest // 4 + 96 * longest - 3_072
        else:
            work = longest * longest // 16 + 480 * longest - 199_680
        return work * iterations // 20
    square = ((longest + 7) // 8) ** 2
    if fork < Fork.OSAKA:
        return max(200, square * max(8 * max(exponent_size - 32, 0) + head, 1) // 3)
    work = 16 if longest <= 32 else 2 * square
    return max(500, work * max(16 * max(exponent_size - 32, 0) + head, 1))


def _bn_add(frame: Frame) -> None:
    pay(frame, 150)
    frame.output = bn128.add(frame.data)


def _bn_multiply(frame: Frame) -> None:
    pay(frame, 6_000)
    frame.output = bn128.multiply(frame.data)


def _bn_pairing(frame: Frame) -> None:
    pay(frame, 45_000 + 34_000 * (len(frame.data) // 192))
    frame.output = bn128.pairing(frame.data)


def _blake2(frame: Frame) -> None:
    if len(frame.data) != 213 or frame.data[212] > 1:
        raise Halt("bad input of BLAKE2")
    pay(frame, int.from_bytes(frame.data[:4]))
    frame.output = blake2.compress(frame.data)


def _point_evaluation(frame: Frame) -> None:
    pay(frame, 50_000)
    frame.output = kzg.evaluate(frame.data)


def _unsupported(what: str) -> Precompile:
    def refuse(frame: Frame) -> None:
        at = hex_address(frame.code_address)
        raise UnsupportedError(f"the execution calls {what} at {at}, which this EVM does not have")

    return refuse


def active(fork: Fork) -> dict[int, Precompile]:
    """By address."""
    found: dict[int, Precompile] = {
        1: _recover,
        2: _sha256,
        3: _ripemd160,
        4: _identity,
        5: _power(fork),
        6: _bn_add,
        7: _bn_multiply,
        8: _bn_pairing,
        9: _blake2,
    }
    if fork >= Fork.CANCUN:
        found[10] = _point_evaluation
    if fork >= Fork.PRAGUE:
        found |= {address: _unsupported("a BLS12-381 precompile (EIP-2537)") for address in range(0x0B, 0x12)}
    if fork >= Fork.OSAKA:
        found[0x100] = _unsupported("the P256VERIFY precompile (EIP-7951)")
    return found
