"""Single transactions after the bundles: by priority, in nonce order, within the gas limit."""

import heapq
from collections.abc import Callable, Sequence
from itertools import takewhile

from tallyio.chains.signed import SignedTransaction
from tallyio.core.units import Address, Hash32
from tallyio.devnet.builder.node import Node
from tallyio.devnet.builder.records import Effect, Slot
from tallyio.devnet.builder.simulate import NotExecutableError, simulate

MIN_GAS = 21_000
ROUNDS = 40

Priority = Callable[[SignedTransaction], tuple[int, ...]]
"""Lowest first."""


class TailOrder:
    """Chooses what follows ``before``, whose effect on gas and nonces is given."""

    def __init__(
        self,
        node: Node,
        slot: Slot,
        before: Sequence[SignedTransaction],
        gas_used: int,
        nonces: dict[Address, int],
    ) -> None:
        self._node, self._slot, self._before = node, slot, list(before)
        self._gas_used, self._nonces = gas_used, nonces

    async def choose(self, singles: Sequence[SignedTransaction], priority: Priority) -> list[SignedTransaction]:
        """A transaction counts its whole gas limit before it and what it used after it, as nodes do.

        Where one does not fit, it and its sender's later ones stay out and smaller ones may still follow. What
        remains is run again, since the state has changed, at most ``ROUNDS`` times; then the rest is cut off.
        Contract creations, which the node cannot simulate in a sequence, come last and count their whole gas limit.
        """
        calls = await self._choose_calls([tx for tx in singles if tx.to is not None], priority)
        return [*calls, *self._creations(calls, [tx for tx in singles if tx.to is None], priority)]

    def _creations(
        self, calls: Sequence[SignedTransaction], creations: Sequence[SignedTransaction], priority: Priority
    ) -> list[SignedTransaction]:
        following = {tx.sender: tx.nonce + 1 for tx in calls}
        room = self._slot.gas_limit - self._gas_used - sum(tx.gas_limit for tx in calls)
        chosen: list[SignedTransaction] = []
        for tx in sorted(creations, key=lambda tx: (tx.nonce, priority(tx))):
            due = tx.nonce == following.get(tx.sender, self._nonces[tx.sender])
            if due and tx.gas_limit <= room and tx.tip_wei(self._slot.base_fee_wei) >= 0:
                chosen.append(tx)
                following[tx.sender] = tx.nonce + 1
                room -= tx.gas_limit
        return chosen

    async def _choose_calls(self, singles: Sequence[SignedTransaction], priority: Priority) -> list[SignedTransaction]:
        out: set[Hash32] = set()
        sound: list[SignedTransaction] = []
        for _ in range(ROUNDS):
            sequence = self._sequence(singles, priority, out)
            sequence, effects = await self._effects(sequence, out)
            out.update(tx.hash for tx in self._misfits(sequence, effects))
            sound = list(takewhile(lambda tx: tx.hash not in out, sequence))
            if len(sound) == len(sequence):
                break
        return sound

    def _sequence(
        self,
        singles: Sequence[SignedTransaction],
        priority: Priority,
        out: set[Hash32],
    ) -> list[SignedTransaction]:
        queues: dict[Address, list[SignedTransaction]] = {}
        for tx in sorted(singles, key=lambda tx: (-tx.nonce, *(-part for part in priority(tx)))):
            queues.setdefault(tx.sender, []).append(tx)
        following = {sender: self._nonces[sender] for sender in queues}
        heap: list[tuple[tuple[int, ...], Hash32, SignedTransaction]] = []

        def offer(sender: Address) -> None:
            """Put the sender's next transaction forward, when it is due and can be paid."""
            queue = queues[sender]
            while queue and queue[-1].nonce < following[sender]:
                queue.pop()
            while queue and queue[-1].nonce == following[sender]:
                tx = queue.pop()
                fits = tx.gas_limit <= self._slot.gas_limit and tx.tip_wei(self._slot.base_fee_wei) >= 0
                if fits and tx.hash not in out:
                    heapq.heappush(heap, (priority(tx), tx.hash, tx))
                    return

        for sender in queues:
            offer(sender)
        room = (self._slot.gas_limit - self._gas_used) // MIN_GAS
        sequence: list[SignedTransaction] = []
        while heap and len(sequence) < room:
            _, _, tx = heapq.heappop(heap)
            sequence.append(tx)
            following[tx.sender] += 1
            offer(tx.sender)
        return sequence

    async def _effects(
        self, sequence: list[SignedTransaction], out: set[Hash32]
    ) -> tuple[list[SignedTransaction], tuple[Effect, ...]]:
        """The effects of as much of ``sequence`` as can run; the one that cannot is put ``out``."""
        try:
            return sequence, await self._run(sequence)
        except NotExecutableError:
            pass
        runs, fails = 0, len(sequence)  # a prefix of ``runs`` executes, one of ``fails`` does not
        effects: tuple[Effect, ...] = ()
        while fails - runs > 1:
            middle = (runs + fails) // 2
            try:
                effects = await self._run(sequence[:middle])
                runs = middle
            except NotExecutableError:
                fails = middle
        out.add(sequence[runs].hash)
        return sequence[: runs + 1], (*effects, Effect(False, 0, 0, b""))

    async def _run(self, sequence: list[SignedTransaction]) -> tuple[Effect, ...]:
        return await simulate(self._node, self._slot, sequence, after=self._before, measured=False)

    def _misfits(self, sequence: list[SignedTransaction], effects: tuple[Effect, ...]) -> list[SignedTransaction]:
        used, misfits = self._gas_used, []
        for tx, effect in zip(sequence, effects, strict=True):
            if used + tx.gas_limit > self._slot.gas_limit:
                misfits.append(tx)
            else:
                used += effect.gas_used
        return misfits
