"""Encoded calls and the decoder that they are shown to."""

from itertools import pairwise
from typing import NamedTuple

import pytest
import rlp
from eth_abi import encode
from eth_utils import keccak

from tallyio.hot_path.transactions.calls import EXACT_OUT, PAYS_VALUE, TIMED, Action
from tallyio.hot_path.transactions.decoded import Decoder, Hop

TARGET = bytes(range(1, 21))


class Expected(NamedTuple):
    hops: tuple[Hop, ...]
    amount: int
    limit: int
    exact_out: bool
    deadline: int | None
    recipient: bytes
    sqrt_limit: int


def _types(signature):
    inside = signature[signature.index("(") + 1 : -1]
    return [inside] if inside.startswith("(") else inside.split(",") if inside else []


def _amount(rng):
    return rng.choice([1, 10**18, 2**112, 2**256 - 1, rng.getrandbits(256) or 1])


def _arguments(rng, call, value):
    types = _types(call.signature)
    hops = 1 if call.action is Action.V3_SINGLE else rng.randrange(1, 6)
    tokens = [rng.randbytes(20) for _ in range(hops + 1)]
    fees = [rng.choice([100, 500, 3000, 2**24 - 1]) for _ in range(hops)]
    to, deadline = rng.randbytes(20), rng.choice([0, 1_900_000_000, 2**64 - 1, 2**256 - 1])
    amount, limit = _amount(rng), _amount(rng)
    exact_out = bool(call.flags & EXACT_OUT)
    timing = [deadline] if call.flags & TIMED else []
    sqrt_limit = 0
    if call.action is Action.V2:
        path = [Hop(a, b) for a, b in pairwise(tokens)]
        if call.flags & PAYS_VALUE:
            values = [amount if exact_out else limit, tokens, to, *timing]
            amount, limit = (amount, value) if exact_out else (value, limit)
        else:
            values = [amount, limit, tokens, to, *timing]
    elif call.action is Action.V3_SINGLE:
        sqrt_limit = rng.choice([0, rng.getrandbits(160)])
        path = [Hop(tokens[0], tokens[1], fees[0])]
        values = [(tokens[0], tokens[1], fees[0], to, *timing, amount, limit, sqrt_limit)]
    elif call.action is Action.V3_PATH:
        path = [Hop(tokens[i], tokens[i + 1], fees[i]) for i in range(hops)]
        ends, middle = (tokens[::-1], fees[::-1]) if exact_out else (tokens, fees)
        packed = ends[0] + b"".join(f.to_bytes(3) + t for f, t in zip(middle, ends[1:], strict=True))
        values = [(packed, to, *timing, amount, limit)]
    else:
        path = []
        empty = {"bytes[]": [], "bytes": b"", "bytes32": bytes(32), "address": to}
        values = [empty.get(kind, 1) for kind in types]
    data = keccak(text=call.signature)[:4] + encode(types, values)
    told = min(deadline, 2**64 - 1) if timing else None
    return data, Expected(tuple(path), amount, limit, exact_out, told, to, sqrt_limit)


@pytest.fixture(scope="session")
def arguments_of():
    """``(rng, call, value)`` → random calldata of that function, and what it says."""
    return _arguments


@pytest.fixture(scope="session")
def raw_call():
    """``(data, value)`` → a transaction with it."""

    def build(data, value=0):
        return rlp.encode([b"\x01", b"\x02", b"\x52\x08", TARGET, value, data, b"\x1b", b"\x01", b"\x01"])

    return build


@pytest.fixture(scope="session")
def run_call(raw_call):
    """``(data, value, routers)`` → the transaction with it, decoded."""
    decoders = {}

    def run(data, value=0, routers=None):
        key = tuple((routers or {}).items())
        if key not in decoders:
            decoders[key] = Decoder(routers)
        return decoders[key].decode(raw_call(data, value))

    return run
