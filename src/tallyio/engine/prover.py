"""Prove: the exact bytes on the local EVM, after everything that the slot puts before them."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from tallyio.chains.signed import SignedTransaction, decode
from tallyio.core.chain import NewBlock
from tallyio.core.errors import BugError, ChainDataError, OutOfReachError
from tallyio.core.executor_events import executed
from tallyio.core.trade import Opportunity, Proof
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.simulation.fork import Fork, Simulator
from tallyio.simulation.records import BlockEnv, CallTx
from tallyio.simulation.validation import prove, unproved
from tallyio.wallet.transaction import UnsignedTransaction


class ProvingGround(Protocol):
    """One block's state at a time. ``keep`` makes the last proof the state that the next one runs on."""

    async def open(self, head: NewBlock, view: MarketView) -> None: ...
    async def prove(self, opportunity: Opportunity, tx: UnsignedTransaction, *, alone: bool = False) -> Proof:
        """``alone`` runs on the block's own state, as if nothing had been kept."""
        ...

    async def keep(self) -> None: ...
    async def nonce(self, of: Address) -> int:
        """The account's next nonce after all that was kept."""
        ...


class ForkGround:
    """A ``ProvingGround`` on a fork of the node's state. ``errors`` are declarations of errors to be told by name.

    A pending transaction runs as its signed bytes say; types 3 and 4 (blobs, delegations) prove nothing.
    """

    def __init__(self, rpc_url: str, chain_id: int, owner: Address, errors: Iterable[str] = ()) -> None:
        self._simulator = Simulator(rpc_url, errors=errors)
        self._chain_id = chain_id
        self._owner = owner
        self._fork: Fork | None = None
        self._base: object = None
        self._kept: object = None

    async def open(self, head: NewBlock, view: MarketView) -> None:
        self._fork = self._simulator.fork(head.block, next_block(head, view, self._chain_id))
        self._base = self._kept = self._fork.snapshot()

    async def prove(self, opportunity: Opportunity, tx: UnsignedTransaction, *, alone: bool = False) -> Proof:
        return await asyncio.to_thread(
            self._prove, self._opened(), opportunity, tx, self._base if alone else self._kept
        )

    async def keep(self) -> None:
        self._kept = self._opened().snapshot()

    async def nonce(self, of: Address) -> int:
        return await asyncio.to_thread(self._nonce, self._opened(), of)

    def close(self) -> None:
        self._simulator.close()

    def _prove(self, fork: Fork, opportunity: Opportunity, tx: UnsignedTransaction, start: object) -> Proof:
        fork.revert(start)
        try:
            if opportunity.victim:
                victim = decode(opportunity.victim.raw)
                if not (ran := fork.run(call_of(victim.sender, victim))).success:
                    return unproved(opportunity, f"the transaction before it reverts: {ran.revert_reason}")
            ran = fork.run(call_of(self._owner, tx))
        except (ChainDataError, OutOfReachError) as e:
            return unproved(opportunity, e.message)
        gained, _ = executed(ran.logs, tx.to) or (0, 0)
        return prove(opportunity, ran, gained)

    def _nonce(self, fork: Fork, of: Address) -> int:
        fork.revert(self._kept)
        return fork.nonce(of)

    def _opened(self) -> Fork:
        if self._fork is None:
            raise BugError("the proving ground has no block yet; open it first")
        return self._fork


def next_block(head: NewBlock, view: MarketView, chain_id: int) -> BlockEnv:
    """The block in which what is decided on ``view`` would run."""
    return BlockEnv(
        number=head.block.number + 1,
        timestamp=view.next_timestamp,
        base_fee_wei=view.next_base_fee_wei,
        gas_limit=head.gas_limit,
        coinbase=head.coinbase,
        chain_id=chain_id,
    )


def call_of(sender: Address, tx: UnsignedTransaction | SignedTransaction) -> CallTx:
    """What the local EVM is to run of it."""
    return CallTx(
        sender=sender,
        to=tx.to,
        data=tx.data,
        gas_limit=tx.gas_limit,
        value_wei=tx.value_wei,
        max_fee_wei=tx.max_fee_wei,
        priority_fee_wei=tx.priority_fee_wei,
        nonce=tx.nonce,
        access_list=tuple((where, tuple(map(int.from_bytes, keys))) for where, keys in tx.access_list),
    )
