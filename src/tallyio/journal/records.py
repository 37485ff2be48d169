"""Records that only the journal knows: nonces, breaker, ledger openings, rollbacks and differences."""

import msgspec

from tallyio.core.chain import BlockRef
from tallyio.core.units import Address


class NoncesReserved(msgspec.Struct, frozen=True):
    """``count`` consecutive nonces from ``first`` belong to one plan.

    ``target_block`` is the last block in which the plan's transactions can land; None when they never expire
    (a transaction in the public mempool).
    """

    owner: Address
    plan_id: str
    first: int
    count: int
    target_block: int | None

    @property
    def end(self) -> int:
        return self.first + self.count


class NoncesReleased(msgspec.Struct, frozen=True):
    """A plan's nonces are free again or used up. ``reason``: landed, expired, dropped, operator."""

    owner: Address
    plan_id: str
    reason: str


class NoncesRestored(msgspec.Struct, frozen=True):
    """What a start-up found still open; older reservations need not be read again."""

    owner: Address
    chain_nonce: int
    open: tuple[NoncesReserved, ...]


class BreakerState(msgspec.Struct, frozen=True):
    """The circuit breaker after its latest change. ``reason`` is empty while closed.

    ``day`` counts days since 1970 (UTC); a loss is positive wei and grows with each losing outcome, profits offset it.
    """

    open: bool = False
    reason: str = ""
    consecutive_failures: int = 0
    session_loss_wei: int = 0
    day: int = 0
    day_loss_wei: int = 0


class LedgerOpened(msgspec.Struct, frozen=True):
    """The ledger follows ``token`` on ``account`` (held by ``address``) from the end of ``block`` on."""

    block: BlockRef
    account: str
    address: Address
    token: Address
    balance: int


class LedgerRolledBack(msgspec.Struct, frozen=True):
    """Entries of the blocks above ``to`` were compensated; ``dropped`` lists them, newest first."""

    to: BlockRef
    dropped: tuple[BlockRef, ...]


class Difference(msgspec.Struct, frozen=True):
    """One balance where the ledger and the chain disagree, in the token's smallest unit."""

    account: str
    token: Address
    ledger: int
    chain: int

    @property
    def amount(self) -> int:
        return self.chain - self.ledger


class Diverged(msgspec.Struct, frozen=True):
    """The ledger did not equal the chain at the end of ``block``."""

    block: BlockRef
    differences: tuple[Difference, ...]


class JointPlan(msgspec.Struct, frozen=True):
    """The cycles of one block were planned together, their pools shared: the trades ``opportunity_ids``, in order.

    ``gross_wei`` is what they add up to before gas, ``single_wei`` what the best cycle alone brings before gas;
    ``net_wei`` is after gas, ``greedy_wei`` what as many trades, one best after another, would bring after gas,
    ``None`` where there was no time to look.
    """

    target_block: int
    opportunity_ids: tuple[str, ...]
    gross_wei: int
    single_wei: int
    net_wei: int
    greedy_wei: int | None


class PredictionError(msgspec.Struct, frozen=True):
    """What a landed trade used and made, less what its simulation had said: gas, and gross profit in wei.

    Read out of ``Proof`` and ``Outcome``; not a record of its own.
    """

    gas: int
    gross_wei: int
