"""Single transactions that wait: the node's public pool, what the builder holds for it, and private ones.

The node mines whatever lies ready in its pool, in the order in which it came. So for each block the builder takes out
what it knows to be there, puts the block's exact order in, and afterwards gives back what was left over. What the node
would not take back at that moment (a fee cap below the base fee, say) is held here, still public, and offered again
after every block.
"""

from collections.abc import Iterable, Sequence
from itertools import count

import structlog

from tallyio.chains.signed import SignedTransaction, decode
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Hash32
from tallyio.devnet.builder.jsonrpc import LIMIT_EXCEEDED, RpcError
from tallyio.devnet.builder.node import Node

MAX_PRIVATE = 5_000
PRIVATE_BLOCKS = 256
"""How long a private transaction waits for its turn."""
ATTEMPTS = 8
MAX_ARRIVALS = 50_000

log = structlog.get_logger()


class Mempool:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._public: dict[Hash32, SignedTransaction] = {}
        self._in_node: dict[Hash32, SignedTransaction] = {}
        self._private: dict[Hash32, tuple[SignedTransaction, int]] = {}
        self._secret: set[Hash32] = set()
        self._arrival: dict[Hash32, int] = {}
        self._count = count()

    def arrival(self, tx_hash: Hash32) -> int:
        """The order in which transactions were first seen, public or private."""
        if tx_hash not in self._arrival:
            self._arrival[tx_hash] = next(self._count)
        return self._arrival[tx_hash]

    def add_private(self, tx: SignedTransaction, head: int) -> None:
        if len(self._private) >= MAX_PRIVATE:
            raise RpcError(LIMIT_EXCEEDED, f"{MAX_PRIVATE} private transactions are waiting, send again later")
        self.arrival(tx.hash)
        self._private.setdefault(tx.hash, (tx, head + PRIVATE_BLOCKS))

    def private(self) -> list[SignedTransaction]:
        return [tx for tx, _ in self._private.values()]

    async def refresh(self) -> list[SignedTransaction]:
        """All public transactions that wait: ready in the node's pool, or held for it."""
        announced = await self._node.announced()
        if announced is None:
            for tx in sorted(await self._node.pool(), key=lambda tx: (tx.sender, tx.nonce)):
                self._learn(tx)
        else:
            await self._learn_hashes(announced)
        return list(self._public.values())

    async def place(
        self, transactions: Sequence[SignedTransaction], secret: set[Hash32], fixed: int
    ) -> dict[Hash32, str]:
        """Make the node's pool yield ``transactions`` in this order; returns the node's refusals by hash.

        What is in ``secret`` came from us and stays ours until ``settle``, whatever happens to the node meanwhile.
        Should a stranger's transaction arrive before or among the first ``fixed`` (the bundles), all is done again;
        among the rest it may stand where it came.
        """
        self._secret |= secret
        wanted = [tx.hash for tx in transactions[:fixed]]
        refused: dict[Hash32, str] = {}
        for _ in range(ATTEMPTS):
            await self.refresh()
            replaced = await self._node.replace_pool(list(self._in_node.values()), transactions)
            refused = replaced.refused
            self._in_node = {tx.hash: tx for tx in transactions if tx.hash not in refused}
            self.hold(replaced.followers)
            strangers = await self._learn_hashes([*replaced.before, *replaced.after])
            first = not strangers.intersection(replaced.before) and replaced.after[:fixed] == wanted
            if refused or not fixed or first:
                break
        self.hold(tx for tx in transactions if tx.hash in refused)
        return refused

    def hold(self, transactions: Iterable[SignedTransaction]) -> None:
        """Keep public transactions that are not in the node's pool."""
        self._public |= {tx.hash: tx for tx in transactions if tx.hash not in self._secret}

    async def settle(self, mined: Iterable[Hash32], head: int) -> None:
        """After a block: forget what it holds or made impossible, and give the rest back to the node."""
        await self.refresh()
        self._secret.clear()
        for tx_hash in mined:
            for waiting in (self._public, self._in_node, self._private):
                waiting.pop(tx_hash, None)
        everyone = [*self._public.values(), *self._in_node.values(), *self.private()]
        nonces = await self._node.nonces(sorted({tx.sender for tx in everyone}))
        self._public = {h: tx for h, tx in self._public.items() if tx.nonce >= nonces[tx.sender]}
        self._in_node = {h: tx for h, tx in self._in_node.items() if tx.nonce >= nonces[tx.sender]}
        self._private = {
            h: (tx, until) for h, (tx, until) in self._private.items() if tx.nonce >= nonces[tx.sender] and until > head
        }
        await self._give_back()
        if len(self._arrival) > MAX_ARRIVALS:
            self._arrival = {h: n for h, n in self._arrival.items() if h in self._public or h in self._private}

    async def _give_back(self) -> None:
        held = [tx for tx in self._public.values() if tx.hash not in self._in_node]
        held.sort(key=lambda tx: self.arrival(tx.hash))
        refused = await self._node.send(held)
        for tx in held:
            words = refused.get(tx.hash, "")
            if not words or "already" in words:
                self._in_node[tx.hash] = tx
            else:
                log.debug("held for the public pool", tx=tx.hash, reason=words)

    async def _learn_hashes(self, announced: Sequence[Hash32]) -> set[Hash32]:
        """Fetch what was unknown among ``announced``; returns their hashes."""
        unknown = [h for h in dict.fromkeys(announced) if h not in self._public and h not in self._in_node]
        for tx_hash, raw in zip(unknown, await self._node.signed_bytes(unknown), strict=True):
            self.arrival(tx_hash)
            if raw is None:
                log.warning("a pending transaction vanished", tx=tx_hash)
                continue
            try:
                self._learn(decode(raw))
            except ChainDataError as e:
                log.warning("a pending transaction cannot be ordered", tx=tx_hash, reason=e.message)
        return set(unknown)

    def _learn(self, tx: SignedTransaction) -> None:
        self.arrival(tx.hash)
        self._in_node[tx.hash] = tx
        self.hold([tx])
