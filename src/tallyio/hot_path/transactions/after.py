"""The mirrored pools as a pending transaction would leave them: its decoded swaps run through their exact states."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tallyio.core.pools import V2, PairState, Pool, V2State, V3State
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.detector.detector import Arrays
from tallyio.hot_path.kernels import v3
from tallyio.hot_path.pointer import pointer, pointer_at
from tallyio.hot_path.transactions.addresses import address_table
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.decoded import Decoder
from tallyio.hot_path.transactions.effect import MOVE_WORDS, POOL, STATE, v2_effect, v3_effect
from tallyio.hot_path.transactions.layout import AMOUNT_UNTOLD, FAMILY, INTENT_FLAGS, INTENT_WORDS, MAY_FAIL
from tallyio.hot_path.transactions.pairs import Pair, pair_table

Array = Any

_ZERO = np.uint64(0)
_DOUBTFUL = np.uint64(AMOUNT_UNTOLD | MAY_FAIL)
_V2_FAMILY = np.uint64(2)
_NOT_TOLD = -int(Code.NOT_TOLD)


class Effects:
    """``pools`` in the order of ``arrays``, which hold their states and stops. For one thread; moves of one
    transaction have ``room`` hops together. Raises ``ValueError`` for two pools that routers could not tell apart."""

    def __init__(self, pools: Sequence[Pool], arrays: Arrays, decoder: Decoder, room: int = 128) -> None:
        tokens = {token: i for i, token in enumerate(sorted({t for p in pools for t in (p.token0, p.token1)}))}
        self._protocols = {name: i for i, name in enumerate(sorted({pool.protocol for pool in pools}))}
        self._pools, self._arrays, self._decoder = pools, arrays, decoder
        self._tokens = address_table([bytes.fromhex(token[2:]) for token in tokens])
        pairs: dict[Pair, int] = {}
        for number, pool in enumerate(pools):
            fee = 0 if pool.family == V2 else pool.fee_pips
            pair = Pair(tokens[pool.token0], tokens[pool.token1], self._protocols[pool.protocol], fee)
            if pairs.setdefault(pair, number) != number:
                raise ValueError(f"{pool.address} and {pools[pairs[pair]].address} are one pool to a router")
        self._pairs = pair_table(pairs)
        self._moves = np.zeros(room * MOVE_WORDS, np.uint64)

    def of(self, raw: bytes, v2: str, v3: str) -> Mapping[int, PairState] | Code:
        """The pools that the transaction in ``raw`` moves, by number, each as it leaves them, or why that is not told.

        ``v2`` and ``v3`` are the protocols of the router that it calls. Deadlines and later conditions are the
        caller's; a v3 state comes without its ticks, which a swap does not change.
        """
        found = self._decoder.decode(raw)
        if isinstance(found, Code):
            return found
        if found.call is not Code.OK:
            return found.call
        used = self._run(len(found.intents), v2, v3)
        if used < 0:
            return Code(-used)
        rows = self._moves[: used * MOVE_WORDS].reshape(-1, MOVE_WORDS).tolist()
        return {row[POOL]: self._state(row[POOL], row[STATE:]) for row in rows}

    def prepare(self) -> None:
        """Load the kernel, or compile it where there is none yet."""
        self._run(0, "", "")

    def _run(self, count: int, v2: str, v3: str) -> int:
        unknown = len(self._protocols)
        protocols = np.array([self._protocols.get(name, unknown) for name in (v2, v3)], np.uint64)
        arrays, decoder = self._arrays, self._decoder
        return int(
            effects(
                decoder.buffer,
                decoder.intents,
                count,
                self._tokens,
                self._pairs,
                protocols,
                arrays.records,
                arrays.bounds,
                arrays.stops,
                arrays.stop_ticks,
                self._moves,
            )
        )

    def _state(self, pool: int, words: list[int]) -> PairState:
        if self._pools[pool].family == V2:
            return V2State(words[0] | words[1] << 64, words[2] | words[3] << 64)
        price = sum(word << 64 * i for i, word in enumerate(words[: v3.LIQUIDITY]))
        liquidity = words[v3.LIQUIDITY] | words[v3.LIQUIDITY + 1] << 64
        tick = words[v3.TICK]
        return V3State(price, tick - (tick >> 63 << 64), liquidity)


@kernel
def effects(
    buffer: Array,
    intents: Array,
    count: Any,
    tokens: Array,
    pairs: Array,
    protocols: Array,
    records: Array,
    bounds: Array,
    stops: Array,
    stop_ticks: Array,
    moves: Array,
) -> Any:
    """The moves of ``count`` swaps in turn; how many there are, or a negative ``Code`` of the first that is not told.

    ``protocols`` are the numbers of those whose v2 and whose v3 pools are meant.
    """
    room = len(moves) // MOVE_WORDS
    p, intent, move = pointer(buffer), pointer(intents), pointer(moves)
    token, pair, name = pointer(tokens), pointer(pairs), pointer(protocols)
    state, bound, stop, tick = pointer(records), pointer(bounds), pointer(stops), pointer(stop_ticks)
    used = 0
    for i in range(count):
        mine = pointer_at(intent, i * INTENT_WORDS)
        if mine[INTENT_FLAGS] & _DOUBTFUL != _ZERO:
            return _NOT_TOLD
        if mine[FAMILY] == _V2_FAMILY:
            used = v2_effect(p, mine, token, pair, name[0], state, move, used, room)
        else:
            used = v3_effect(p, mine, token, pair, name[1], state, bound, stop, tick, move, used, room)
        if used < 0:
            return used
    return used
