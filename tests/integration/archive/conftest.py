"""Random programs that do a little of everything, as init code: a chain runs them without being prepared."""

import random
from collections.abc import Callable

import pytest

_BINARY = (1, 2, 3, 4, 5, 6, 7, 0x0A, 0x0B, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1A)
_SHIFTS, _TERNARY, _UNARY = (0x1B, 0x1C, 0x1D), (8, 9), (0x15, 0x19)
_NULLARY = (0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x58, 0x59, 0x5A)
_CALLS = (0xF1, 0xF2, 0xF4, 0xFA)
_EDGES = (0, 1, 2, 31, 32, 255, 256, 2**255 - 1, 2**255, 2**256 - 1)
FORKS = ("istanbul", "berlin", "london", "paris", "shanghai", "cancun", "prague", "osaka")


def push(value: int) -> bytes:
    raw = value.to_bytes(max(1, (value.bit_length() + 7) // 8))
    return bytes([0x5F + len(raw)]) + raw


def _word(rng: random.Random) -> int:
    return rng.choice((rng.choice(_EDGES), rng.getrandbits(256), rng.getrandbits(64), rng.randrange(300)))


def _call(rng: random.Random) -> bytes:
    opcode = rng.choice(_CALLS)
    target = rng.choice((*range(1, 10), 0, 0xABCDEF, rng.getrandbits(160)))
    gas = rng.choice((0, 3_000, 50_000, 2**256 - 1))
    value = push(rng.choice((0, 0, 1))) if opcode in (0xF1, 0xF2) else b""
    sizes = [push(rng.choice((0, 32, 64, 96, 128, 192, 213, 384))) for _ in range(2)]
    return (
        sizes[0]
        + push(rng.randrange(64))
        + sizes[1]
        + push(rng.randrange(64))
        + value
        + push(target)
        + push(gas)
        + bytes([opcode])
    )


def _create(rng: random.Random, destroys: bool) -> bytes:
    init = rng.choice(
        (b"\x00", push(7) + push(1) + b"\x55", b"\xfe", b"\x60\x00\x60\x00\xfd", push(32) + push(0) + b"\xf3")
    )
    more = (init, push(0xEF) + push(0) + b"\x53" + push(1) + push(0) + b"\xf3")
    init = rng.choice((*more, b"\x30\xff") if destroys else more)
    stored = push(int.from_bytes(init.ljust(32, b"\0"))) + push(0) + b"\x52"
    if rng.random() < 0.5:
        return stored + push(len(init)) + push(0) + push(rng.choice((0, 1))) + b"\xf0"
    return stored + push(rng.randrange(3)) + push(len(init)) + push(0) + push(0) + b"\xf5"


def _snippet(rng: random.Random, fork: int) -> bytes:
    a, b, small = push(_word(rng)), push(_word(rng)), push(rng.randrange(200))
    choices = [
        lambda: a + b + bytes([rng.choice(_BINARY)]),
        lambda: a + small + bytes([rng.choice(_SHIFTS)]),
        lambda: a + b + push(_word(rng)) + bytes([rng.choice(_TERNARY)]),
        lambda: a + bytes([rng.choice(_UNARY)]),
        lambda: bytes([rng.choice(_NULLARY)]),
        lambda: a + small + bytes([rng.choice((0x52, 0x53))]),
        lambda: small + bytes([rng.choice((0x51, 0x35))]),
        lambda: push(rng.choice((0, 0, 1, 5))) + push(rng.randrange(3)) + b"\x55",
        lambda: push(rng.randrange(3)) + b"\x54",
        lambda: push(rng.randrange(100)) + small + b"\x20",
        lambda: (
            b"".join(push(_word(rng)) for _ in range(4))
            + push(rng.randrange(70))
            + small
            + bytes([rng.randrange(0xA0, 0xA5)])
        ),
        lambda: push(rng.randrange(90)) + push(rng.randrange(300)) + small + bytes([rng.choice((0x37, 0x39))]),
        lambda: push(rng.randrange(40)) + push(rng.randrange(4)) + small + b"\x3e",
        lambda: push(rng.choice((0, 1, 0xABCDEF, rng.getrandbits(160)))) + bytes([rng.choice((0x31, 0x3B, 0x3F))]),
        lambda: push(rng.randrange(20)) + b"\x40",
        lambda: bytes([rng.randrange(0x80, 0x84)]),
        lambda: bytes([rng.randrange(0x90, 0x94)]),
        lambda: b"\x58" + push(5) + b"\x01\x56\x5b",
        lambda: push(rng.choice((0, 1))) + b"\x58" + push(6) + b"\x01\x57\x00\x5b",
        lambda: _call(rng),
        lambda: _create(rng, fork >= FORKS.index("london")),
    ]
    if fork >= FORKS.index("london"):
        choices.append(lambda: b"\x48")
    if fork >= FORKS.index("shanghai"):
        choices.append(lambda: b"\x5f")
    if fork >= FORKS.index("cancun"):
        choices += [
            lambda: push(rng.randrange(9)) + push(rng.randrange(2)) + b"\x5d" + push(rng.randrange(2)) + b"\x5c",
            lambda: push(rng.randrange(90)) + push(rng.randrange(90)) + small + b"\x5e",
            lambda: b"\x4a" + push(rng.randrange(2)) + b"\x49",
        ]
    if fork >= FORKS.index("osaka"):
        choices.append(lambda: a + b"\x1e")
    return rng.choice(choices)()


@pytest.fixture(scope="session")
def random_program() -> Callable[[random.Random, str], bytes]:
    """Init code of some 30 steps under the rules of a fork; most run to their end, some fail on the way."""

    def make(rng: random.Random, fork: str) -> bytes:
        steps = [push(_word(rng)) for _ in range(5)]
        steps += [_snippet(rng, FORKS.index(fork)) for _ in range(rng.randrange(5, 40))]
        ends = [b"\x00", b"", push(40) + push(0) + b"\xf3", push(9) + push(3) + b"\xfd", b"\xfe"]
        if fork not in ("istanbul", "berlin"):  # anvil 1.7 gives no refund for SELFDESTRUCT before London
            ends.append(b"\x33\xff")
        steps.append(rng.choice(ends))
        return b"".join(steps)

    return make
