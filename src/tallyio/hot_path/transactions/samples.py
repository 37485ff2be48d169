"""Random transactions with router calls, sound and spoilt: what the comparison and the fuzzing run on."""

from collections.abc import Iterator
from random import Random
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_abi.abi import encode

from tallyio.hot_path.transactions.calls import CALLS, Action, Call
from tallyio.hot_path.transactions.commands import Command

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def integer(rng: Random, bits: int) -> int:
    """Of any size up to ``bits``, often at an edge."""
    size = rng.choice((0, 1, 7, 8, 9, 16, 33, 56, 64, 112, 160, 255, 256))
    return rng.choice((rng.getrandbits(size) if size else 0, 1 << size, (1 << size) - 1)) & (1 << bits) - 1


def calldata(rng: Random, depth: int = 0) -> bytes:
    """A call of a declared function, or now and then of none."""
    if rng.random() < 0.08:
        return rng.randbytes(rng.choice((0, 1, 3, 4, 36, 100)))
    call = rng.choice(CALLS)
    inside = call.signature[call.signature.index("(") + 1 : -1]
    types = [inside] if inside.startswith("(") else inside.split(",") if inside else []
    if call.action is Action.MULTICALL:
        inner = [] if depth > 4 else [calldata(rng, depth + 1) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        values: list[Any] = [_value(rng, kind) for kind in types[:-1]] + [inner]
    elif call.action is Action.PLAN:
        commands, inputs = _plan(rng, depth)
        values = [commands, inputs, *(_value(rng, kind) for kind in types[2:])]
    else:
        values = [_value(rng, kind, call) for kind in types]
    return call.selector.to_bytes(4) + encode(types, values)


def transaction(rng: Random) -> bytes:
    """A transaction of any type with the fields of a signed one; the signature is nobody's."""
    kind = rng.choice((0, 0, 1, 2, 2, 2, 3, 4))
    tip = integer(rng, 64)
    fields: list[Any] = [integer(rng, 64), tip]
    if kind:
        fields.insert(0, integer(rng, 40))
    if kind >= 2:
        fields.append(max(tip, integer(rng, 64)))
    to = b"" if kind < 3 and rng.random() < 0.05 else rng.randbytes(20)
    fields += [integer(rng, 64), to, integer(rng, 256), calldata(rng)]
    if kind:
        keys = range(rng.choice((0, 0, 1, 3)))
        fields.append([[rng.randbytes(20), [rng.randbytes(32) for _ in keys]] for _ in keys])
    if kind == 3:
        fields += [integer(rng, 64), [rng.randbytes(32) for _ in range(rng.choice((1, 2, 6)))]]
    if kind == 4:
        entry = [integer(rng, 256), rng.randbytes(20), integer(rng, 64), rng.choice((0, 1, 255))]
        fields.append([[*entry, integer(rng, 256), integer(rng, 256)] for _ in range(rng.choice((1, 2)))])
    mark = rng.choice((0, 1)) if kind else rng.choice((27, 28, 37, 38, 35 + 2 * integer(rng, 62)))
    fields += [mark, 1 + rng.randrange(_HALF_ORDER), 1 + integer(rng, 250)]
    return (bytes([kind]) if kind else b"") + bytes(rlp.encode(fields))


def spoilt(rng: Random, raw: bytes) -> bytes:
    """``raw`` with one to four wounds: bytes changed, cut, repeated, or a word that is out of all bounds."""
    data = bytearray(raw)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data)) if data else 0
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.choice((0, 1, 0x7F, 0x80, 0xB7, 0xB8, 0xBF, 0xC0, 0xF7, 0xF8, 0xFF))])
            case 1:
                data[at : at + 1] = bytes([rng.getrandbits(8)])
            case 2:
                del data[at:]
            case 3:
                del data[at : at + rng.choice((1, 2, 32))]
            case 4:
                data[at:at] = data[at : at + rng.choice((1, 20, 32, 64))]
            case 5:
                data[at : at + 32] = (integer(rng, 256)).to_bytes(32)
    return bytes(data)


def spoilt_calls(rng: Random) -> Iterator[bytes]:
    """A sound transaction's calldata wounded within an envelope that stays sound: they reach the argument readers."""
    while True:
        data = spoilt(rng, calldata(rng))
        yield bytes(rlp.encode([1, 2, 3, rng.randbytes(20), integer(rng, 256), data, 27, 1, 1]))


def _value(rng: Random, kind: str, call: Call | None = None) -> Any:
    if kind.startswith("("):
        return tuple(_value(rng, part, call) for part in kind[1:-1].split(","))
    match kind:
        case "address":
            return rng.randbytes(20)
        case "address[]":
            return [rng.randbytes(20) for _ in range(rng.choice((0, 1, 2, 2, 3, 5)))]
        case "bytes":
            return rng.randbytes(rng.choice((0, 20, 43, 43, 43, 66, 66, 89, 90)))
        case "bytes32":
            return rng.randbytes(32)
        case _:
            return integer(rng, int(kind.removeprefix("uint")))


def _plan(rng: Random, depth: int) -> tuple[bytes, list[bytes]]:
    commands, inputs = bytearray(), []
    for _ in range(rng.choice((0, 1, 2, 4)) if depth < 5 else 0):
        command = int(rng.choice(tuple(Command))) if rng.random() < 0.9 else rng.getrandbits(8)
        match command & 0x7F:
            case Command.V3_SWAP_EXACT_IN | Command.V3_SWAP_EXACT_OUT:
                types = ["address", "uint256", "uint256", "bytes", "bool"]
            case Command.V2_SWAP_EXACT_IN | Command.V2_SWAP_EXACT_OUT:
                types = ["address", "uint256", "uint256", "address[]", "bool"]
            case Command.EXECUTE_SUB_PLAN:
                types = ["bytes", "bytes[]"]
            case _:
                types = ["uint256", "uint256"]
        if types[0] == "bytes":
            inputs.append(encode(types, _plan(rng, depth + 1)))
        else:
            inputs.append(encode(types, [rng.random() < 0.5 if t == "bool" else _value(rng, t) for t in types]))
        commands.append(command | rng.choice((0, 0, 0x80)))
    return bytes(commands), inputs
