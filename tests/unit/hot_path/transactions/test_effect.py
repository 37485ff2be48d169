"""The pools' state after a decoded v2 swap against the pure-Python model of the pair."""

import random
from itertools import pairwise

import numpy as np
import pytest
from eth_abi import encode

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.amm import v2
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.state.layout import AMOUNTS, HEADER, RECORD, V2, header
from tallyio.hot_path.transactions import layout
from tallyio.hot_path.transactions.addresses import address_table
from tallyio.hot_path.transactions.batch import decode_batch
from tallyio.hot_path.transactions.calls import CALLS, table
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.effect import MOVE_WORDS, v2_effect
from tallyio.hot_path.transactions.pairs import Pair, find_pair, pair_table
from tallyio.hot_path.transactions.recognise import STACK_WORDS

TOKENS = sorted(map(random.Random(5).randbytes, [20] * 6))
PAIRS = [(a, b) for a in range(6) for b in range(a + 1, 6) if (a + b) % 4]
FEES = {0: 3000, 1: 2500}
EXACT_IN = next(c for c in CALLS if c.signature.startswith("swapExactTokensForTokens(") and c.flags)
EXACT_OUT = next(c for c in CALLS if c.signature.startswith("swapTokensForExactTokens(") and c.kinds == EXACT_IN.kinds)
ROOM = 16


@kernel
def _effect(buffer, intent, tokens, pairs, protocol, state, moves, used, room):
    return v2_effect(
        pointer(buffer),
        pointer(intent),
        pointer(tokens),
        pointer(pairs),
        np.uint64(protocol),
        pointer(state),
        pointer(moves),
        used,
        room,
    )


def _decoded(raw):
    buffer = np.frombuffer(bytearray(raw), np.uint8)
    at, length = np.zeros(1, np.int64), np.array([len(raw)])
    record, intent = np.zeros(layout.RECORD_WORDS, np.uint64), np.zeros(layout.INTENT_WORDS, np.uint64)
    none = np.zeros(8, np.uint64), np.zeros(1, np.int64), np.zeros(STACK_WORDS, np.uint64)
    assert decode_batch(buffer, at, length, record, intent, 1, table(), *none) == 1
    return buffer, intent


def _expected(reserves, path, exact_out, amount, limit, fee):
    """The pools' reserves after the swap, or None where it reverts."""
    after = dict(reserves)
    hops = [(path[i], path[i + 1]) for i in range(len(path) - 1)]
    for a, b in reversed(hops) if exact_out else hops:
        pool = PAIRS.index((min(a, b), max(a, b)))
        ends = after[pool] if a < b else after[pool][::-1]
        try:
            other = (v2.amount_in if exact_out else v2.amount_out)(amount, *ends, fee)
        except ChainDataError:
            return None
        paid, got = (other, amount) if exact_out else (amount, other)
        ends = ends[0] + paid, ends[1] - got
        after[pool] = ends if a < b else ends[::-1]
        amount = other
    return after if (amount <= limit if exact_out else amount >= limit) else None


def test_reserves_after_swaps_equal_the_model(raw_call):
    rng = random.Random(9)
    tokens = address_table(TOKENS)
    pairs = pair_table({Pair(b, a, protocol): i for protocol in FEES for i, (a, b) in enumerate(PAIRS)})
    outcomes = set()
    for _ in range(1500):
        protocol = rng.choice(tuple(FEES))
        reserves = {i: (rng.getrandbits(rng.randrange(20, 113)), rng.getrandbits(112)) for i in range(len(PAIRS))}
        state = np.zeros(len(PAIRS) * RECORD, np.uint64)
        for pool, (r0, r1) in reserves.items():
            state[pool * RECORD + HEADER] = header(V2, FEES[protocol])
            words = r0 & 2**64 - 1, r0 >> 64, r1 & 2**64 - 1, r1 >> 64
            state[pool * RECORD + AMOUNTS : pool * RECORD + AMOUNTS + 4] = words
        moves, used, current = np.zeros(ROOM * MOVE_WORDS, np.uint64), 0, reserves
        for _ in range(2):  # the second swap meets the pools as the first left them
            path = [rng.randrange(6)]
            for _ in range(rng.choice((1, 2, 3))):
                path.append(rng.choice([t for t in range(6) if (min(t, path[-1]), max(t, path[-1])) in PAIRS]))
            call = rng.choice((EXACT_IN, EXACT_OUT))
            amount = rng.getrandbits(rng.randrange(1, 114)) or 1
            limit = rng.choice((0, 1, 2**256 - 1)) if rng.random() < 0.3 else (call is EXACT_OUT) * (2**256 - 1)
            arguments = [amount, limit, [TOKENS[t] for t in path], bytes(20), 0]
            data = call.selector.to_bytes(4) + encode(
                ["uint256", "uint256", "address[]", "address", "uint256"], arguments
            )
            buffer, intent = _decoded(raw_call(data))
            found = _effect(buffer, intent, tokens, pairs, protocol, state, moves, used, ROOM)
            passed = [(min(hop), max(hop)) for hop in pairwise(path)]
            if len(set(passed)) < len(passed):
                assert found in (-Code.NOT_TOLD, -Code.WOULD_REVERT)
                continue
            expected = _expected(current, path, call is EXACT_OUT, amount, limit, FEES[protocol])
            outcomes.add((call is EXACT_OUT, expected is None, len(path)))
            if expected is None:
                assert found == -Code.WOULD_REVERT
                continue
            assert found == used + len(path) - 1
            used, current = found, expected
            left = dict(reserves)
            for move in moves[: used * MOVE_WORDS].reshape(-1, MOVE_WORDS).tolist():
                left[move[0]] = (move[1] | move[2] << 64, move[3] | move[4] << 64)
            assert left == expected
    assert len(outcomes) == 12


def test_a_pool_that_is_not_in_the_tables_is_said(raw_call):
    tokens, pairs = address_table(TOKENS), pair_table({Pair(0, 1, 0): 0})
    state, moves = np.zeros(RECORD, np.uint64), np.zeros(ROOM * MOVE_WORDS, np.uint64)
    for path, room, code in (
        ([TOKENS[0], TOKENS[2]], ROOM, Code.NO_POOL),
        ([TOKENS[0], bytes(20)], ROOM, Code.NO_POOL),
        ([TOKENS[0], TOKENS[1]], 0, Code.NO_ROOM),
        ([TOKENS[0], TOKENS[1]], ROOM, Code.OTHER_FAMILY),
    ):
        data = encode(["uint256", "uint256", "address[]", "address", "uint256"], [5, 0, path, bytes(20), 0])
        buffer, intent = _decoded(raw_call(EXACT_IN.selector.to_bytes(4) + data))
        assert _effect(buffer, intent, tokens, pairs, 0, state, moves, 0, room) == -code


def test_a_pair_is_found_by_its_tokens_in_either_order_its_protocol_and_its_fee():
    pools = {
        Pair(a, b, a % 3, fee): 10 * a + b for a in range(30) for b in range(a) for fee in (0, 500, 3000)[a % 3 :][:1]
    }
    words = pair_table(pools)
    for pair, pool in pools.items():
        a, b, protocol, fee = (np.uint64(word) for word in pair)
        assert find_pair(words, a, b, protocol, fee) == find_pair(words, b, a, protocol, fee) == pool
        assert find_pair(words, a, b, protocol + np.uint64(3), fee) == -1
        assert find_pair(words, a, b, protocol, fee + np.uint64(1)) == -1
    with pytest.raises(ValueError, match="twice"):
        pair_table({Pair(1, 2, 0): 0, Pair(2, 1, 0): 1})
