"""The circuit breaker: pure transitions of ``BreakerState``. It opens by itself; only an operator closes it.

The engine journals each new state together with what caused it and restores the last one at start-up.
"""

from msgspec.structs import replace

from tallyio.core.trade import Outcome
from tallyio.journal.records import BreakerState
from tallyio.risk.limits import BreakerLimits

_DAY_NS = 86_400 * 10**9


def restored(state: BreakerState) -> BreakerState:
    """The state of a new session: its own loss starts at zero, all else stands as journaled."""
    return replace(state, session_loss_wei=0)


def on_outcome(state: BreakerState, outcome: Outcome, limits: BreakerLimits, now_ns: int) -> BreakerState:
    """After a transaction's end at wall-clock time ``now_ns``.

    What landed at a loss, or reverted and cost gas, is a failure; what landed without loss ends a row of failures. What
    was dropped cost nothing and changes nothing, nor does a reorganisation: the block's next outcome counts.
    """
    if outcome.status not in ("landed", "reverted"):
        return state
    failed = outcome.status == "reverted" or outcome.net_wei < 0
    day = now_ns // _DAY_NS
    changed = replace(
        state,
        consecutive_failures=state.consecutive_failures + 1 if failed else 0,
        session_loss_wei=state.session_loss_wei - outcome.net_wei,
        day=day,
        day_loss_wei=(state.day_loss_wei if day == state.day else 0) - outcome.net_wei,
    )
    return _judged(changed, limits)


def on_failure(state: BreakerState, limits: BreakerLimits) -> BreakerState:
    """After a failure that cost nothing but shows a fault, such as a bundle that every relay refuses."""
    return _judged(replace(state, consecutive_failures=state.consecutive_failures + 1), limits)


def on_divergence(state: BreakerState, detail: str) -> BreakerState:
    """Our state differs from the chain's."""
    return _opened(state, f"divergence: {detail}")


def closed_by_operator(state: BreakerState) -> BreakerState:
    """An operator looked into it and starts anew; losses of the day stay on record but are counted from zero."""
    return BreakerState(day=state.day)


def _judged(state: BreakerState, limits: BreakerLimits) -> BreakerState:
    if state.consecutive_failures >= limits.consecutive_failures:
        return _opened(state, f"{state.consecutive_failures} failures in a row")
    if state.day_loss_wei >= limits.day_loss_wei:
        return _opened(state, f"lost {state.day_loss_wei} wei in a day, at most {limits.day_loss_wei} are allowed")
    if state.session_loss_wei >= limits.session_loss_wei:
        return _opened(
            state, f"lost {state.session_loss_wei} wei in a session, at most {limits.session_loss_wei} are allowed"
        )
    return state


def _opened(state: BreakerState, reason: str) -> BreakerState:
    return state if state.open else replace(state, open=True, reason=reason)
