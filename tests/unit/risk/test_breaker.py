"""The breaker: what opens it, and that only an operator closes it."""

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Outcome
from tallyio.core.units import Hash32
from tallyio.journal.records import BreakerState
from tallyio.risk.breaker import closed_by_operator, on_divergence, on_failure, on_outcome, restored
from tallyio.risk.limits import BreakerLimits

LIMITS = BreakerLimits(consecutive_failures=3, day_loss_wei=1_000, session_loss_wei=1_500)
DAY = 86_400 * 10**9


def outcome(status: str, net: int = 0) -> Outcome:
    block = BlockRef(1, Hash32("0x"), Hash32("0x"), 1)
    return Outcome("b", "o", Hash32("0x1"), status, block, 1, max(-net, 0), max(net, 0), 0, 0)


def after(*steps: tuple[str, int, int], state: BreakerState | None = None) -> BreakerState:
    """The state after (status, net, day)."""
    state = state or BreakerState()
    for status, net, day in steps:
        state = on_outcome(state, outcome(status, net), LIMITS, day * DAY + 5)
    return state


def test_failures_in_a_row_open_it_and_a_success_ends_the_row() -> None:
    fails = [("reverted", -1, 0), ("landed", -1, 0)]
    assert not after(*fails, ("landed", 0, 0), *fails).open
    opened = after(*fails, ("reverted", -1, 0))
    assert opened.open
    assert opened.reason == "3 failures in a row"


def test_lost_races_count_for_nothing() -> None:
    assert after(*[("dropped", 0, 0)] * 9, ("reorged", 0, 0)) == BreakerState()
    two = after(("reverted", -1, 0), ("reverted", -1, 0), ("dropped", 0, 0))
    assert two.consecutive_failures == 2


def test_loss_of_a_day_opens_it_and_profits_offset_it() -> None:
    assert not after(("landed", -999, 0)).open
    assert after(("landed", -1_000, 0)).open
    assert not after(("landed", 600, 0), ("landed", -1_500, 0)).open
    assert after(("landed", 500, 0), ("landed", -1_500, 0)).open


def test_a_new_day_starts_at_zero_but_the_session_goes_on() -> None:
    state = after(("landed", -900, 0), ("landed", -500, 1))
    assert (state.open, state.day, state.day_loss_wei, state.session_loss_wei) == (False, 1, 500, 1_400)
    opened = after(("landed", 0, 2), ("landed", -100, 2), state=state)
    assert opened.open
    assert "in a session" in opened.reason


def test_faults_without_cost_count_as_failures() -> None:
    state = BreakerState()
    for _ in range(3):
        state = on_failure(state, LIMITS)
    assert state.open


def test_only_an_operator_closes_it() -> None:
    opened = on_divergence(BreakerState(), "1 wei")
    assert opened.reason == "divergence: 1 wei"
    assert after(("landed", 10**6, 0), state=opened).open
    assert on_divergence(opened, "another").reason == "divergence: 1 wei", "the first reason stands"
    assert restored(opened).open
    closed = closed_by_operator(opened)
    assert (closed.open, closed.reason, closed.consecutive_failures) == (False, "", 0)


def test_a_restart_keeps_the_days_loss_and_the_row_of_failures() -> None:
    state = restored(after(("reverted", -900, 3)))
    assert (state.session_loss_wei, state.day_loss_wei, state.consecutive_failures) == (0, 900, 1)
    assert after(("reverted", -100, 3), state=state).open
