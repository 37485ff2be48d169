"""The detector on a thread of its own that never holds the interpreter's lock, bound to a core where that is wanted."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError, OperatorError
from tallyio.core.pools import PairState
from tallyio.hot_path.cpu.placement import CpuPlan, apply
from tallyio.hot_path.detector.detector import Detector
from tallyio.hot_path.detector.serve import CONTROL, ROUNDS, SERVED, STOP, serve
from tallyio.hot_path.memory.rings import SpscRing
from tallyio.hot_path.memory.roles import look
from tallyio.hot_path.state.aligned import aligned
from tallyio.hot_path.state.events import event_words


class DetectorThread:
    """Serves the ring ``events`` (one line a message, filled with ``tell``) until ``stop``; what it finds is on the
    detector's own ring, and what that had no room for is counted by the detector (``lost``).

    ``control`` (``CONTROL`` zeroed words) may lie in shared memory: whoever sets its word ``STOP`` stops the thread.
    While it runs the detector is its alone: ticks and cycles change inside ``paused``.
    """

    def __init__(
        self,
        detector: Detector,
        events: SpscRing,
        *,
        control: NDArray[np.uint64] | None = None,
        placement: CpuPlan | None = None,
    ) -> None:
        if events.payload_words != 7:
            raise BugError(f"a ring of {events.payload_words} words a message, expected 7: an event's")
        self.detector = detector
        self.events = events
        self.control = aligned(CONTROL) if control is None else control
        self.placed = ""
        """What became of the placement."""
        self._placement = placement
        self._thread: threading.Thread | None = None
        self._failures: list[OperatorError] = []

    @property
    def served(self) -> int:
        """Events answered so far."""
        return int(look(self.control, np.int64(SERVED)))

    @property
    def rounds(self) -> int:
        """Looks at the ring: it grows for as long as the loop lives."""
        return int(look(self.control, np.int64(ROUNDS)))

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Returns when the loop's thread has its core, or raises ``RefusedError`` where the placement insists on one
        that is not to be had. Raises ``OperatorError`` where another process serves the ring.
        """
        if self.running:
            return
        self.events.take_consumer()
        self.control[STOP] = 0
        self._failures.clear()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="detector", daemon=True)
        self._thread.start()
        ready.wait()
        for failure in self._failures:
            self._thread.join()
            self.events.leave_consumer()
            raise failure

    def stop(self) -> None:
        """After the event at hand; those that wait stay on the ring."""
        self.control[STOP] = 1
        if self._thread is not None:
            self._thread.join()
        self.events.leave_consumer()

    @contextmanager
    def paused(self) -> Iterator[Detector]:
        """The detector between two events, to be changed."""
        again = self.running
        self.stop()
        yield self.detector
        if again:
            self.start()

    def tell(self, pool: int, state: PairState, stamp: int) -> bool:
        """Puts an update on the ring, for a producer in this process; False, counted, where it is full."""
        return self.events.push(*event_words(pool, state, stamp)[:7])

    def _serve(self, ready: threading.Event) -> None:
        try:
            if self._placement is not None:
                self.placed = apply(self._placement)
            operands = self.detector.arrays.operands()
        except OperatorError as error:
            self._failures.append(error)
            return
        finally:
            ready.set()
        serve(self.control, self.events.words, *operands)
