"""Nonces of one account: each plan gets consecutive ones, journaled before anything is signed with them."""

from functools import partial

from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.journal.log import Journal
from tallyio.journal.projections import open_reservations
from tallyio.journal.records import NoncesReleased, NoncesReserved, NoncesRestored


class NonceBook:
    """Who holds which nonces.

    A plan's bundles are alternatives for the same nonces, so the plan reserves and not the bundle. A plan whose
    target block has passed cannot land any more; what it did not use is free again. A plan without target block holds
    its nonces until they are used on the chain or ``release`` is called.

    After a reorganisation a plan that had landed may land again: with the same bytes and nonces, hence at most once.
    """

    def __init__(self, journal: Journal, owner: Address, chain_nonce: int, plans: list[NoncesReserved]) -> None:
        self._journal = journal
        self._owner = owner
        self._chain_nonce = chain_nonce
        self._plans = {plan.plan_id: plan for plan in plans}

    @classmethod
    def restore(cls, journal: Journal, owner: Address, *, chain_nonce: int, head: int) -> "NonceBook":
        """Start-up: what the journal holds open, less what the chain shows as used or expired.

        ``chain_nonce`` is the account's next nonce at the end of block ``head``.
        """
        plans = [p for p in open_reservations(journal, owner) if not _settled(p, chain_nonce, head)]
        journal.append(NoncesRestored(owner, chain_nonce, tuple(plans)))
        return cls(journal, owner, chain_nonce, plans)

    @property
    def open(self) -> tuple[NoncesReserved, ...]:
        """Plans that may still land, by first nonce."""
        return tuple(sorted(self._plans.values(), key=lambda plan: plan.first))

    @property
    def next(self) -> int:
        """The nonce that the next plan of one transaction would start with."""
        return self._first_gap(1)

    def peek(self, plan_id: str, count: int = 1) -> int:
        """The first nonce that ``reserve`` would give: the plan's own, which it keeps across a crash, or a free one."""
        held = self._plans.get(plan_id)
        return held.first if held else self._first_gap(count)

    def reserve(self, plan_id: str, count: int, *, target_block: int | None) -> tuple[int, ...]:
        """``count`` consecutive nonces, in the journal when this returns (or when the transaction around it ends).

        They are the lowest that no open plan holds: a plan above a gap could not land. A plan that asks again, for
        example after a crash, gets what it has; asking for another count is a ``BugError``.
        """
        if count < 1:
            raise BugError(f"plan {plan_id} asks for {count} nonces, expected at least 1")
        held = self._plans.get(plan_id)
        if held is None:
            held = NoncesReserved(self._owner, plan_id, self._first_gap(count), count, target_block)
            self._journal.append(held)
            self._set({**self._plans, plan_id: held})
        elif held.count != count or held.target_block != target_block:
            raise BugError(f"plan {plan_id} holds {held.count} nonces and asks for {count}; a plan reserves once")
        return tuple(range(held.first, held.end))

    def release(self, plan_id: str, reason: str = "dropped") -> None:
        """Give a plan's nonces back because nothing of it was sent or all of it was dropped; unknown plans are done."""
        if plan_id in self._plans:
            self._journal.append(NoncesReleased(self._owner, plan_id, reason))
            self._set({id_: plan for id_, plan in self._plans.items() if id_ != plan_id})

    def observe(self, chain_nonce: int, head: int) -> None:
        """The account's next nonce at the end of block ``head``: settles plans that landed or can no longer land.

        ``chain_nonce`` may be lower than before, after a reorganisation.
        """
        settled = [plan for plan in self._plans.values() if _settled(plan, chain_nonce, head)]
        if settled:
            self._journal.append_many(
                [NoncesReleased(self._owner, p.plan_id, _settled(p, chain_nonce, head)) for p in settled]
            )
            self._set({id_: plan for id_, plan in self._plans.items() if plan not in settled})
        self._chain_nonce = chain_nonce

    def _set(self, plans: dict[str, NoncesReserved]) -> None:
        """New plans, put back as they were if the journal's transaction around this one is."""
        self._journal.undo_with(partial(setattr, self, "_plans", self._plans))
        self._plans = plans

    def _first_gap(self, count: int) -> int:
        first = self._chain_nonce
        for plan in self.open:
            if plan.end <= first:
                continue
            if plan.first >= first + count:
                break
            first = plan.end
        return first


def _settled(plan: NoncesReserved, chain_nonce: int, head: int) -> str:
    """Why the plan can no longer land as a whole; empty while it can."""
    if plan.end <= chain_nonce:
        return "landed"
    return "expired" if plan.target_block is not None and plan.target_block <= head else ""
