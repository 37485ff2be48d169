"""Raw transactions decoded to swaps, beside the ``rlp`` package taking the same bytes apart."""

import time
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import rlp  # type: ignore[import-untyped]
from eth_abi.abi import encode

from tallyio.app.bench.result import Result, Setting

BATCH = 256
_SELECTOR_ARGUMENTS = (
    ("swapExactTokensForTokens(", ["uint256", "uint256", "address[]", "address", "uint256"]),
    ("swapExactETHForTokens(", ["uint256", "address[]", "address", "uint256"]),
    (
        "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256",
        ["(address,address,uint24,address,uint256,uint256,uint256,uint160)"],
    ),
    (
        "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160",
        ["(address,address,uint24,address,uint256,uint256,uint160)"],
    ),
)


def run(setting: Setting) -> Iterator[Result]:
    """``tx.decode``: nanoseconds from a raw transaction to its swap intent, over batches of ``BATCH``."""
    from tallyio.hot_path.transactions.batch import decode_batch
    from tallyio.hot_path.transactions.calls import table
    from tallyio.hot_path.transactions.layout import INTENT_WORDS, RECORD_WORDS
    from tallyio.hot_path.transactions.recognise import STACK_WORDS

    rng = Random(setting.seed)  # noqa: S311 - samples, no secrets
    raws = [_swap(rng) for _ in range(BATCH)]
    lengths = np.array([len(raw) for raw in raws], np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)[:-1]])
    buffer = np.frombuffer(bytearray(b"".join(raws)), np.uint8)
    records, intents = np.zeros(BATCH * RECORD_WORDS, np.uint64), np.zeros(BATCH * INTENT_WORDS, np.uint64)
    fixed = (1, table(), np.zeros(8, np.uint64), np.zeros(1, np.int64), np.zeros(STACK_WORDS, np.uint64))
    arguments: tuple[Any, ...] = (buffer, offsets, lengths, records, intents, *fixed)
    found = decode_batch(*arguments)
    if found != BATCH:
        raise AssertionError(f"expected a swap in each of {BATCH} transactions, found {found}")
    rounds = max(setting.samples // BATCH, 3)
    times = np.empty(rounds)
    for i in range(rounds):
        start = time.perf_counter_ns()
        decode_batch(*arguments)
        times[i] = (time.perf_counter_ns() - start) / BATCH
    yield Result("tx.decode", times, "rlp.decode of the same bytes", _reference_ns(raws))


def _reference_ns(raws: list[bytes]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter_ns()
        for raw in raws:
            rlp.decode(raw[1:] if raw[0] < 0xC0 else raw)
        best = min(best, (time.perf_counter_ns() - start) / len(raws))
    return best


def _swap(rng: Random) -> bytes:
    """A swap as the mempool has them: mostly EIP-1559, of v2 and v3 routers, one to three hops."""
    from tallyio.hot_path.transactions.calls import CALLS

    start, types = rng.choice(_SELECTOR_ARGUMENTS)
    call = next(call for call in CALLS if call.signature.startswith(start))
    data = call.selector.to_bytes(4) + encode(types, [_value(rng, kind) for kind in types])
    price = rng.randrange(10**9, 10**11)
    fields = [rng.randrange(5000), price, rng.randrange(10**5, 10**6), rng.randbytes(20), rng.choice((0, 10**18)), data]
    signature = [rng.getrandbits(254) + 1, rng.getrandbits(254) + 1]
    if rng.random() < 0.2:
        return bytes(rlp.encode([*fields, 37, *signature]))
    return b"\x02" + bytes(rlp.encode([1, fields[0], 10**9, *fields[1:], [], 1, *signature]))


def _value(rng: Random, kind: str) -> Any:
    if kind.startswith("("):
        return tuple(_value(rng, part) for part in kind[1:-1].split(","))
    match kind:
        case "address":
            return rng.randbytes(20)
        case "address[]":
            return [rng.randbytes(20) for _ in range(rng.choice((2, 2, 2, 3, 4)))]
        case "uint24":
            return rng.choice((100, 500, 3000, 10000))
        case "uint160":
            return 0
        case _:
            return rng.randrange(1, 10**21)
