"""Who watches the pipeline: metrics, the live view, a test. Watching never changes what is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tallyio.core.chain import NewBlock, Rollback
from tallyio.core.clock import Clock
from tallyio.core.trade import Bundle, Decision, Opportunity, Outcome, Proof, Submission


class Observer(Protocol):
    """Stages: apply, detect, decide, prove, sign, submit, reconcile, and head_to_relay, from the arrival of a head
    to the hand-over of the slot's bundle.
    """

    def block(self, block: NewBlock) -> None: ...
    def rollback(self, rollback: Rollback) -> None: ...
    def stage(self, name: str, ns: int) -> None: ...
    def opportunity(self, opportunity: Opportunity) -> None: ...
    def decision(self, opportunity: Opportunity, decision: Decision) -> None: ...
    def proof(self, proof: Proof) -> None: ...
    def submission(self, bundle: Bundle, submission: Submission) -> None: ...
    def outcome(self, outcome: Outcome) -> None: ...
    def feed(self, connected: bool, detail: str) -> None: ...
    def skipped(self, what: str, count: int) -> None: ...


class Watch:
    """Times stages and tells every observer."""

    def __init__(self, clock: Clock, observers: tuple[Observer, ...] = ()) -> None:
        self.clock = clock
        self.observers = observers

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = self.clock.monotonic_ns()
        yield
        self.elapsed(name, started)

    def elapsed(self, name: str, since_ns: int) -> None:
        ns = self.clock.monotonic_ns() - since_ns
        for observer in self.observers:
            observer.stage(name, ns)

    def tell(self, method: str, *arguments: object) -> None:
        for observer in self.observers:
            getattr(observer, method)(*arguments)
