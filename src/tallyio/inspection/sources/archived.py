"""Blocks of an archive: executed from their pre-state, or read from the traces they have.

Execution tells more than receipts: every transfer of the coin, so what the proposer was paid. It is believed only
where its receipts are those of the block's header.
"""

from tallyio.archive.records import ArchivedBlock
from tallyio.chains.keccak import keccak256
from tallyio.chains.signed import decode_any
from tallyio.core.errors import OperatorError, TallyError
from tallyio.core.units import Address, Hash32, address
from tallyio.inspection.activity import NATIVE, WRAPPED_NATIVE, BlockActivity, PoolStorage, Transaction, Transfer
from tallyio.inspection.reading import Event
from tallyio.inspection.sources import parity
from tallyio.inspection.sources.logs import read_transaction
from tallyio.simulation.block_execution import BlockExecution
from tallyio.simulation.evm.frame import Frame
from tallyio.simulation.records import Executed


class CoinMoves:
    """Hears of every frame and keeps the transfers of the coin that stood."""

    def __init__(self) -> None:
        self.standing: list[Transfer] = []
        self._open: list[int] = []

    def opened(self, frame: Frame) -> None:
        self._open.append(len(self.standing))
        if frame.value and frame.kind not in ("DELEGATECALL", "STATICCALL", "CALLCODE"):
            self._moved(frame.caller, frame.address, frame.value)

    def closed(self, frame: Frame, failure: str) -> None:
        before = self._open.pop()
        if failure:
            del self.standing[before:]

    def destroyed(self, frame: Frame, to: int, amount: int) -> None:
        self._moved(frame.address, to, amount)

    def _moved(self, sender: int, to: int, amount: int) -> None:
        if amount:
            self.standing.append(Transfer(-1, NATIVE, _account(sender), _account(to), amount))


def read(block: ArchivedBlock) -> BlockActivity:
    """The block's activity. Raises ``OperatorError`` for another chain, for a fork or state that execution lacks, and
    where it does not give the header's receipts."""
    if block.chain_id not in WRAPPED_NATIVE:
        raise OperatorError(
            f"block {block.number} is of chain {block.chain_id}, expected one of {sorted(WRAPPED_NATIVE)}",
            todo="Blocks of that chain cannot be inspected yet",
        )
    if not block.executable:
        return _traced(block)
    try:
        return _executed(block)
    except OperatorError:
        raise
    except TallyError as e:
        raise OperatorError(f"block {block.number} cannot be executed: {e.message}", todo=e.todo) from e


class Watched:
    """Steps ``execution`` through its own block and keeps what each transaction did. What else runs on it meanwhile is
    not heard of."""

    def __init__(self, execution: BlockExecution, native: Address) -> None:
        self._execution = execution
        self._native = native
        self._reserves: dict[Address, tuple[int, int]] = {}
        self._found: list[Transaction] = []

    def step(self) -> Executed:
        """The block's next transaction."""
        raw = self._execution.block.transactions[self._execution.position]
        moves = CoinMoves()
        self._execution.trace(moves)
        done = self._execution.step()
        self._execution.trace(None)
        body = decode_any(raw)
        self._found.append(
            read_transaction(
                [Event(i, (i,), log.address, log.topics, log.data) for i, log in enumerate(done.logs)],
                tuple(moves.standing),
                self._native,
                self._reserves,
                hash_=Hash32("0x" + keccak256(raw).hex()),
                index=len(self._found),
                sender=body.sender,
                to=body.to,
                succeeded=done.success,
                gas_used=done.gas_used,
                effective_gas_price=done.fee_wei // done.gas_used,
            )
        )
        return done

    def activity(self) -> BlockActivity:
        """The block as far as it was stepped through."""
        block = self._execution.block
        return BlockActivity(
            number=block.number,
            proposer=block.coinbase,
            base_fee=block.base_fee_wei or 0,
            native=self._native,
            native_seen=True,
            transactions=tuple(self._found),
            storage={
                who: PoolStorage(held.slots)
                for who, held in (block.pre_state.accounts.items() if block.pre_state else ())
                if held.slots
            },
        )


def _executed(block: ArchivedBlock) -> BlockActivity:
    execution = BlockExecution(block)
    watched = Watched(execution, WRAPPED_NATIVE[block.chain_id])
    while execution.position < execution.length:
        watched.step()
    if block.header is not None and execution.receipts_root() != block.header.receipts_root:
        raise OperatorError(
            f"block {block.number} executes to other receipts than its header's",
            todo="Run: tallyio archive verify, on its archive",
        )
    return watched.activity()


def _traced(block: ArchivedBlock) -> BlockActivity:
    if block.traces is None or block.receipts is None:
        raise OperatorError(
            f"block {block.number} has neither pre-state nor traces", todo="Fetch or import it with its pre-state"
        )
    try:
        return parity.read(
            {
                "block_number": block.number,
                "miner": block.coinbase,
                "base_fee_per_gas": block.base_fee_wei or 0,
                "traces": block.traces,
                "receipts": block.receipts,
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as e:
        raise OperatorError(f"the traces of block {block.number} are not whole: {e!r}", todo="Import it again") from e


def _account(value: int) -> Address:
    return address(value.to_bytes(20, "big"))
