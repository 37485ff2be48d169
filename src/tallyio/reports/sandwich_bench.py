"""A sandwich carried out on a fork, around the very bytes that are to be sent, by the contracts' own code.

The model contracts (contracts/src/exposure) refuse any chain but a local one. Nothing here signs or sends, and what
does so lies below this room and cannot load them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from tallyio.chains.signed import decode
from tallyio.core.chain import PendingTransaction
from tallyio.core.errors import ChainDataError
from tallyio.core.trade import SwapStep
from tallyio.core.units import ETHER, Address
from tallyio.engine.prover import call_of
from tallyio.execution.artifact import Artifact, load
from tallyio.execution.steps import nothing, pack_swap
from tallyio.market.view import MarketView
from tallyio.protocols.dex.intents import SwapIntent
from tallyio.reports.exposure import require_local
from tallyio.reports.sandwich_search import Sandwich
from tallyio.simulation.dealing import deal, token_balance
from tallyio.simulation.fork import Fork
from tallyio.simulation.records import CallTx, Executed
from tallyio.strategies.base import swap_step
from tallyio.strategies.pending import pool_of

FRONT, BACK = bytes.fromhex("1d49df97"), bytes.fromhex("2ddd614f")
"""``front(bytes)`` and ``back(bytes)``"""
WHO = Address("0x" + "5a" * 20)
_GAS = 8_000_000


@cache
def sandwich_artifact() -> Artifact:
    return load((files("tallyio.reports") / "artifacts" / "Sandwich.json").read_bytes())


def model_creation(weth: Address) -> bytes:
    """Data that creates the model contract; its sender owns it."""
    return sandwich_artifact().creation_code + bytes.fromhex(weth[2:]).rjust(32, b"\0")


class SandwichBench:
    """A ``Measure`` of ``transaction`` on ``fork``, which is of the view's block and stays as it is.

    Raises ``RefusedError`` where the fork's chain is not local. All methods raise ``ChainDataError`` where the
    transaction reverts or cannot be included, or a contract moves other amounts than were told.
    """

    def __init__(self, fork: Fork, transaction: PendingTransaction, view: MarketView) -> None:
        require_local(fork.env.chain_id)
        self._fork, self._view = fork, view
        self._transaction = call_of(transaction.sender, decode(transaction.raw))
        self._start = fork.snapshot()
        fork.set_balance(WHO, 1_000 * ETHER)
        created = self._must("the model contract's creation", None, model_creation(view.weth)).created
        assert created is not None  # noqa: S101 - a creation that succeeded
        self._model = created
        self._ready = fork.snapshot()

    def close(self) -> None:
        self._fork.revert(self._start)

    def alone(self, intents: tuple[SwapIntent, ...], quotes: Sequence[int]) -> None:
        self._fork.revert(self._ready)
        self._pending(intents, dict(enumerate(quotes)))

    def sandwich(self, intents: tuple[SwapIntent, ...], place: int, told: Sandwich) -> int:
        if not told.front_in:
            return 0
        self._fork.revert(self._ready)
        token, other = told.token, told.pool.other(told.token)
        deal(self._fork, token, self._model, told.front_in)
        opened = self._trade(FRONT, [swap_step(told.pool, token, other, told.front_in, told.bought)])
        self._pending(intents, {place: told.left})
        back = told.front_in + told.taken
        closed = self._trade(BACK, [swap_step(told.pool, other, token, told.bought, back)])
        _same("holds behind the sandwich", token_balance(self._fork, token, self._model), back)
        return opened.gas_used + closed.gas_used

    def front_run(
        self, intents: tuple[SwapIntent, ...], place: int, steps: Sequence[SwapStep], left: int | None
    ) -> None:
        self._fork.revert(self._ready)
        deal(self._fork, steps[0].token_in, self._model, steps[0].amount_in)
        self._trade(FRONT, steps)
        if left is not None:
            self._pending(intents, {place: left})
        elif self._fork.run(self._transaction).success:
            raise ChainDataError("the transaction succeeds behind a copy of itself, the models say that it reverts")

    def _trade(self, selector: bytes, steps: Sequence[SwapStep]) -> Executed:
        packed, given = b"", nothing(self._view.weth)
        for place, step in enumerate(steps):
            packed += pack_swap(step, place, given)
            given = given.after(step)
        word = len(packed).to_bytes(32)
        data = selector + (32).to_bytes(32) + word + packed + bytes(-len(packed) % 32)
        done = self._must("the model's swap", self._model, data)
        _same("brings", int.from_bytes(done.output[:32]), steps[-1].amount_out)
        _same("leaves of what went in", token_balance(self._fork, steps[0].token_in, self._model), 0)
        return done

    def _pending(self, intents: tuple[SwapIntent, ...], told: Mapping[int, int]) -> None:
        """Runs the transaction. A swap's amount is seen by what its pool holds, where it alone uses the pool."""
        ends = [self._end(intent) for intent in intents]
        passed = Counter(pool for intent in intents for pool in self._pools(intent))
        seen = [place for place in told if passed[ends[place][0]] == 1]
        before = {place: token_balance(self._fork, ends[place][1], ends[place][0]) for place in seen}
        done = self._fork.run(self._transaction)
        if not done.success:
            raise ChainDataError(f"it reverts on the local EVM: {done.revert_reason or 'without a reason'}")
        for place in seen:
            pool, token = ends[place]
            _same("moves", abs(token_balance(self._fork, token, pool) - before[place]), told[place])

    def _end(self, intent: SwapIntent) -> tuple[Address, Address]:
        """The pool and the token whose amount is not the sender's."""
        pools = self._pools(intent)
        return (pools[0], intent.hops[0].token_in) if intent.exact_out else (pools[-1], intent.hops[-1].token_out)

    def _pools(self, intent: SwapIntent) -> list[Address]:
        hops = intent.hops
        return [pool_of(self._view, h.protocol, h.token_in, h.token_out, h.fee_pips).address for h in hops]

    def _must(self, what: str, to: Address | None, data: bytes) -> Executed:
        fee = self._fork.env.base_fee_wei
        done = self._fork.run(CallTx(sender=WHO, to=to, data=data, gas_limit=_GAS, max_fee_wei=fee))
        if not done.success:
            raise ChainDataError(f"{what} fails on the local EVM: {done.revert_reason or 'without a reason'}")
        return done


def _same(what: str, found: int, told: int) -> None:
    if found != told:
        raise ChainDataError(f"the contracts and the models differ: it {what} {found}, told {told}")
